use crate::team::{TeamFacts, TeamService};
use crate::{StoreError, TeamId};

impl TeamService {
    /// A team with its members, `None` when there is no such active team.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn team(&self, id: TeamId) -> Result<Option<TeamFacts>, StoreError> {
        self.teams.team(id).await
    }
}
