use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{Group, GroupUpdate, InsertOutcome, UpdateOutcome};
use muster_domain::team::{Member, Team};
use muster_domain::user::fold;
use muster_domain::{TeamId, UserId};
use time::OffsetDateTime;

use crate::memory::State;

/// A team, who is in it, and what the directory's protocol asks of it besides.
#[derive(Debug, Clone)]
pub(super) struct KeptTeam {
    pub(super) team: Team,
    pub(super) members: Vec<Member>,
    version: i64,
    updated_at: OffsetDateTime,
    /// Its name and external id are free for others.
    removed: bool,
}

impl KeptTeam {
    /// Whether the directory made it and still has it.
    pub(super) fn is_group(&self) -> bool {
        self.team.active && self.team.synced_from_directory
    }

    fn changed(&mut self, at: OffsetDateTime) {
        self.version += 1;
        self.updated_at = at;
    }
}

impl State {
    pub(super) fn insert_team(
        &mut self,
        team: &Team,
        members: &[Member],
        events: &[AuditEvent],
    ) -> Result<InsertOutcome, StoreError> {
        if self.is_team_taken(team.id, &team.name, team.external_id.as_ref()) {
            return Ok(InsertOutcome::Taken);
        }
        self.require_people(members)?;
        let kept = KeptTeam {
            team: team.clone(),
            members: members.to_vec(),
            version: 1,
            updated_at: team.created_at,
            removed: false,
        };
        self.teams.insert(team.id, kept);
        self.trail.extend_from_slice(events);
        Ok(InsertOutcome::Inserted)
    }

    pub(super) fn update_group(
        &mut self,
        update: &GroupUpdate,
        events: &[AuditEvent],
    ) -> Result<UpdateOutcome, StoreError> {
        if !self.is_as_expected(update) {
            return Ok(UpdateOutcome::Stale);
        }
        if self.is_team_taken(update.id, &update.name, update.external_id.as_ref()) {
            return Ok(UpdateOutcome::Taken);
        }
        self.require_people(&update.added)?;
        if let Some(kept) = self.teams.get_mut(&update.id) {
            kept.team.name.clone_from(&update.name);
            kept.team.external_id.clone_from(&update.external_id);
            kept.members.retain(|member| !update.removed.contains(&member.user_id));
            kept.members.extend_from_slice(&update.added);
            kept.changed(update.at);
        }
        self.trail.extend_from_slice(events);
        Ok(UpdateOutcome::Updated)
    }

    pub(super) fn remove_group(
        &mut self,
        id: TeamId,
        expected_version: i64,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> UpdateOutcome {
        if !self.is_group_at(id, expected_version) {
            return UpdateOutcome::Stale;
        }
        if let Some(kept) = self.teams.get_mut(&id) {
            kept.team.active = false;
            kept.removed = true;
            kept.members.clear();
            kept.changed(at);
        }
        self.trail.extend_from_slice(events);
        UpdateOutcome::Updated
    }

    /// Takes somebody out of every team, which is a change to each of them.
    pub(super) fn leave_teams(&mut self, id: UserId, at: OffsetDateTime) {
        for kept in self.teams.values_mut() {
            let before = kept.members.len();
            kept.members.retain(|member| member.user_id != id);
            if kept.members.len() < before {
                kept.changed(at);
            }
        }
    }

    pub(super) fn group(&self, id: TeamId) -> Option<Group> {
        self.teams.get(&id).filter(|kept| kept.is_group()).map(|kept| self.as_group(kept))
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = Group> {
        self.teams.values().filter(|kept| kept.is_group()).map(|kept| self.as_group(kept))
    }

    fn as_group(&self, kept: &KeptTeam) -> Group {
        let ids = kept.members.iter().map(|member| member.user_id);
        let mut members: Vec<UserId> = ids.filter(|id| self.delivered_user(*id).is_some()).collect();
        members.sort_unstable();
        Group {
            id: kept.team.id,
            external_id: kept.team.external_id.clone(),
            name: kept.team.name.clone(),
            version: kept.version,
            created_at: kept.team.created_at,
            updated_at: kept.updated_at,
            members,
        }
    }

    fn is_group_at(&self, id: TeamId, version: i64) -> bool {
        self.teams.get(&id).is_some_and(|kept| kept.is_group() && kept.version == version)
    }

    fn is_as_expected(&self, update: &GroupUpdate) -> bool {
        let Some(kept) = self.teams.get(&update.id).filter(|kept| kept.is_group()) else {
            return false;
        };
        let is_in = |id: &UserId| kept.members.iter().any(|member| member.user_id == *id);
        match update.expected_version {
            Some(version) => kept.version == version,
            None => {
                kept.team.name == update.name
                    && kept.team.external_id == update.external_id
                    && !update.added.iter().any(|member| is_in(&member.user_id))
                    && update.removed.iter().all(is_in)
            }
        }
    }

    /// Whether another team has the name or the external id.
    fn is_team_taken(&self, id: TeamId, name: &str, external_id: Option<&String>) -> bool {
        self.teams.values().filter(|other| other.team.id != id && !other.removed).any(|other| {
            fold(&other.team.name) == fold(name)
                || (external_id.is_some() && other.team.external_id.as_ref() == external_id)
        })
    }

    fn require_people(&self, members: &[Member]) -> Result<(), StoreError> {
        let is_known = |member: &Member| self.delivered_user(member.user_id).is_some();
        if members.iter().all(is_known) {
            return Ok(());
        }
        Err(StoreError::inconsistent("a team would have a member who is not on record"))
    }
}
