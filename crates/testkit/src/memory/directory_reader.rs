use async_trait::async_trait;
use muster_domain::directory::{DirectoryQuery, DirectoryReader, Found, Group, GroupAttribute, UserAttribute};
use muster_domain::user::User;
use muster_domain::{StoreError, TeamId, UserId};

use crate::MemoryStore;
use crate::memory::conditions::select;

#[async_trait]
impl DirectoryReader for MemoryStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.open()?.delivered_user(id).cloned())
    }

    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        Ok(select(self.open()?.delivered().cloned(), query))
    }

    async fn group(&self, id: TeamId, with_members: bool) -> Result<Option<Group>, StoreError> {
        Ok(self.open()?.group(id).map(|group| shown(group, with_members)))
    }

    async fn groups(
        &self,
        query: &DirectoryQuery<GroupAttribute>,
        with_members: bool,
    ) -> Result<Found<Group>, StoreError> {
        let Found { total, items } = select(self.open()?.groups(), query);
        Ok(Found { total, items: items.into_iter().map(|group| shown(group, with_members)).collect() })
    }

    async fn members_among(&self, id: TeamId, people: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let members = self.open()?.group(id).map(|group| group.members).unwrap_or_default();
        Ok(members.into_iter().filter(|id| people.contains(id)).collect())
    }

    async fn known_among(&self, people: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let state = self.open()?;
        Ok(state.delivered().map(|user| user.id).filter(|id| people.contains(id)).collect())
    }
}

fn shown(group: Group, with_members: bool) -> Group {
    if with_members { group } else { Group { members: Vec::new(), ..group } }
}
