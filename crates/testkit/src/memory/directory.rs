use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{DirectoryStore, InsertOutcome, PersonKey, UpdateOutcome, UserUpdate};
use muster_domain::team::{Member, Team};
use muster_domain::user::{User, fold};

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl DirectoryStore for MemoryStore {
    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(self.open()?.users.len() as u64)
    }

    async fn find_user(&self, key: &PersonKey) -> Result<Option<User>, StoreError> {
        let state = self.open()?;
        let by_id = |user: &&User| key.external_id.is_some() && user.external_id == key.external_id;
        let by_name = |user: &&User| fold(&user.user_name) == fold(&key.user_name);
        let found = state.users.values().find(by_id).or_else(|| state.users.values().find(by_name));
        Ok(found.cloned())
    }

    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        let mut state = self.open()?;
        if state.is_taken(user) {
            return Ok(InsertOutcome::Taken);
        }
        state.users.insert(user.id, user.clone());
        state.trail.push(event.clone());
        Ok(InsertOutcome::Inserted)
    }

    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let mut state = self.open()?;
        let id = update.user.id;
        let Some(stored) = state.users.get(&id).filter(|user| user.version == update.expected_version) else {
            return Ok(UpdateOutcome::Stale);
        };
        let role = stored.role;
        if state.is_taken(&update.user) {
            return Ok(UpdateOutcome::Taken);
        }
        state.users.insert(id, User { role, ..update.user.clone() });
        for method in &update.lost_proofs {
            state.proofs.remove(&(id, *method));
            state.cancel_challenge(id, *method, update.at);
        }
        if update.end_sessions {
            state.end_sessions(id, update.at);
        }
        state.trail.extend_from_slice(events);
        Ok(UpdateOutcome::Updated)
    }

    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError> {
        let mut state = self.open()?;
        if state.teams.values().any(|(other, _)| fold(&other.name) == fold(&team.name)) {
            return Ok(InsertOutcome::Taken);
        }
        for member in members {
            state.require_user(member.user_id)?;
        }
        state.teams.insert(team.id, (team.clone(), members.to_vec()));
        state.trail.push(event.clone());
        Ok(InsertOutcome::Inserted)
    }
}

impl State {
    /// Whether another person has the user name or the external id.
    fn is_taken(&self, user: &User) -> bool {
        self.users.values().filter(|other| other.id != user.id).any(|other| {
            fold(&other.user_name) == fold(&user.user_name)
                || (user.external_id.is_some() && other.external_id == user.external_id)
        })
    }
}
