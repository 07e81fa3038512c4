use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin};
use crate::directory::{DirectoryService, InsertOutcome};
use crate::team::{Member, Team};
use crate::{StoreError, TeamId, Text};

/// Why a team was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTeamError {
    /// There is one of that name.
    #[error("there is a team of that name already")]
    NameTaken,
    /// The store failed.
    #[error("could not record the team")]
    Store(#[from] StoreError),
}

impl DirectoryService {
    /// Makes a team with its members.
    ///
    /// # Errors
    /// See [`CreateTeamError`].
    pub async fn create_team(
        &self,
        name: Text<200>,
        members: &[Member],
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Team, CreateTeamError> {
        let now = self.clock.now();
        let team = Team {
            id: TeamId::new(now, &*self.entropy),
            name: name.into(),
            active: true,
            external_id: None,
            synced_from_directory: true,
            created_at: now,
        };
        let change =
            AuditChange::TeamCreated { feed, team_id: team.id, name: team.name.clone(), members: members.len() };
        let event = AuditEvent::new(now, &*self.entropy, origin, None, &change);
        match self.directory.insert_team(&team, members, &[event]).await? {
            InsertOutcome::Inserted => Ok(team),
            InsertOutcome::Taken => Err(CreateTeamError::NameTaken),
        }
    }
}
