use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::user::{ProfileFacts, Role, RoleOutcome, UserService};
use crate::{StoreError, UserId};

/// Why a role was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRoleError {
    /// There is no such person.
    #[error("there is no such user")]
    NotFound,
    /// Nobody could undo it: no active admin would be left.
    #[error("the last active admin cannot be demoted")]
    LastAdmin,
    /// The store failed.
    #[error("could not change the role")]
    Store(#[from] StoreError),
}

impl UserService {
    /// Gives a person a platform role and returns their profile with it. Giving the role they have changes nothing.
    ///
    /// # Errors
    /// See [`ChangeRoleError`].
    pub async fn change_role(&self, id: UserId, role: Role, origin: &Origin) -> Result<ProfileFacts, ChangeRoleError> {
        let from = match role {
            Role::Admin => Role::User,
            Role::User => Role::Admin,
        };
        let now = self.clock.now();
        let change = AuditChange::RoleChanged { from, to: role };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(id), &change);
        match self.users.change_role(id, role, now, &event).await? {
            RoleOutcome::Changed | RoleOutcome::Unchanged => {
                self.profiles.profile(id).await?.ok_or(ChangeRoleError::NotFound)
            }
            RoleOutcome::LastAdmin => Err(ChangeRoleError::LastAdmin),
            RoleOutcome::NotFound => Err(ChangeRoleError::NotFound),
        }
    }
}
