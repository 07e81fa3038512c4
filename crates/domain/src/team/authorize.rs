use crate::StoreError;
use crate::access::{Action, Decision, Denied, Principal, decide};
use crate::team::TeamService;

/// Why a caller was not let.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not read who is a team admin")]
    Store(#[from] StoreError),
}

impl TeamService {
    /// Whether the caller may, by [`decide`]. The store is asked only where it depends on a team.
    ///
    /// # Errors
    /// See [`AuthorizeError`].
    pub async fn authorize(&self, principal: &Principal, action: Action) -> Result<(), AuthorizeError> {
        let allowed = match decide(principal, action) {
            Decision::Allowed => true,
            Decision::IfTeamAdmin { admin, member } => self.teams.is_team_admin_of(admin, member).await?,
            Decision::Denied => false,
        };
        if allowed { Ok(()) } else { Err(Denied.into()) }
    }
}
