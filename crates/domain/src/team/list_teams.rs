use crate::StoreError;
use crate::page::Page;
use crate::team::{TeamKey, TeamQuery, TeamService, TeamSummary};

impl TeamService {
    /// One page of teams, ordered by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, query: &TeamQuery) -> Result<Page<TeamSummary, TeamKey>, StoreError> {
        let items = self.teams.list(query).await?;
        Ok(Page::from_one_more(items, query.limit, |team| TeamKey::of(&team.name)))
    }
}
