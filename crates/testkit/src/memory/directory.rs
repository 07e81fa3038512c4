use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{
    Brake, DirectoryStore, Duplicate, EngagedBrake, GroupUpdate, InsertOutcome, KnownPeople, PersonKey, UpdateOutcome,
    UserRemoval, UserUpdate,
};
use muster_domain::team::{Member, Team};
use muster_domain::user::{User, fold};
use muster_domain::{StoreError, TeamId, UserId};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl DirectoryStore for MemoryStore {
    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(self.open()?.users.len() as u64)
    }

    async fn find_people(&self, key: &PersonKey) -> Result<KnownPeople, StoreError> {
        Ok(self.open()?.find_people(key))
    }

    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        let mut state = self.open()?;
        if state.is_taken(user) {
            return Ok(InsertOutcome::Taken);
        }
        state.users.insert(user.id, user.clone());
        state.inherit_identities(user.id, user.external_id.as_deref());
        state.trail.push(event.clone());
        Ok(InsertOutcome::Inserted)
    }

    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let mut state = self.open()?;
        let id = update.user.id;
        let Some(stored) = state.user_at(id, update.expected_version) else {
            return Ok(UpdateOutcome::Stale);
        };
        let role = stored.role;
        if update.duplicates.iter().any(|duplicate| state.user_at(duplicate.id, duplicate.expected_version).is_none()) {
            return Ok(UpdateOutcome::Stale);
        }
        if state.is_taken_by_another(&update.user, &update.duplicates) {
            return Ok(UpdateOutcome::Taken);
        }
        for notice in &update.notices {
            state.require_user(notice.user_id)?;
        }
        let brake = update.brake.as_ref().filter(|_| update.deactivates);
        if !state.lets_go(id, brake, update.at) {
            return Ok(UpdateOutcome::Braked);
        }
        for duplicate in &update.duplicates {
            state.remove(duplicate.id, update.at);
            state.unbind(duplicate.id);
        }
        state.remember_former(&update.user, update.at);
        state.users.insert(id, User { role, ..update.user.clone() });
        state.inherit_identities(id, update.user.external_id.as_deref());
        for method in &update.lost_proofs {
            state.proofs.remove(&(id, *method));
            state.cancel_challenge(id, *method, update.at);
        }
        if update.deactivates {
            state.end_all_sessions(id, update.at);
        }
        state.add_notices(&update.notices);
        state.trail.extend_from_slice(events);
        Ok(UpdateOutcome::Updated)
    }

    async fn remove_user(&self, removal: &UserRemoval, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let mut state = self.open()?;
        if state.user_at(removal.id, removal.expected_version).is_none() {
            return Ok(UpdateOutcome::Stale);
        }
        if !state.lets_go(removal.id, removal.brake.as_ref(), removal.at) {
            return Ok(UpdateOutcome::Braked);
        }
        state.remove(removal.id, removal.at);
        state.trail.extend_from_slice(events);
        Ok(UpdateOutcome::Updated)
    }

    async fn engaged_brakes(&self) -> Result<Vec<EngagedBrake>, StoreError> {
        Ok(self.open()?.engaged_brakes())
    }

    async fn release_brake(&self, client: &str, _: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        Ok(self.open()?.release_brake(client, event))
    }

    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        events: &[AuditEvent],
    ) -> Result<InsertOutcome, StoreError> {
        self.open()?.insert_team(team, members, events)
    }

    async fn update_group(&self, update: &GroupUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        self.open()?.update_group(update, events)
    }

    async fn remove_group(
        &self,
        id: TeamId,
        expected_version: i64,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.open()?.remove_group(id, expected_version, at, events))
    }
}

impl State {
    /// Somebody who is still at that version, and there.
    pub(super) fn user_at(&self, id: UserId, version: i64) -> Option<&User> {
        self.named().find(|user| user.id == id && user.version == version)
    }

    /// Whether somebody may be deactivated or removed. Who is not active is, whatever the brake.
    fn lets_go(&mut self, id: UserId, brake: Option<&Brake>, at: OffsetDateTime) -> bool {
        let is_active = self.active_user(id).is_some();
        brake.filter(|_| is_active).is_none_or(|brake| self.passes_brake(id, brake, at))
    }

    /// Whether another person has the user name or the external id.
    pub(super) fn is_taken(&self, user: &User) -> bool {
        self.is_taken_by_another(user, &[])
    }

    fn is_taken_by_another(&self, user: &User, duplicates: &[Duplicate]) -> bool {
        let is_duplicate = |other: &User| duplicates.iter().any(|duplicate| duplicate.id == other.id);
        self.named().filter(|other| other.id != user.id && !is_duplicate(other)).any(|other| {
            fold(&other.user_name) == fold(&user.user_name)
                || (user.external_id.is_some() && other.external_id == user.external_id)
        })
    }
}
