use async_trait::async_trait;
use muster_domain::team::{
    MemberFacts, MemberRoleOutcome, RoleChange, RoleGiver, TeamFacts, TeamKey, TeamQuery, TeamRole, TeamStore,
    TeamSummary,
};
use muster_domain::user::fold;
use muster_domain::verification::{ChannelSet, Method};
use muster_domain::{StoreError, TeamId, UserId};

use crate::MemoryStore;
use crate::memory::State;
use crate::memory::groups::KeptTeam;

#[async_trait]
impl TeamStore for MemoryStore {
    async fn list(&self, query: &TeamQuery) -> Result<Vec<TeamSummary>, StoreError> {
        let state = self.open()?;
        let teams = state.teams.keys().filter_map(|id| state.team(*id));
        let after = |team: &TeamFacts| query.after.as_ref().is_none_or(|after| TeamKey::of(&team.name) > *after);
        let mut teams: Vec<TeamSummary> = teams.filter(after).map(|team| summary(team, query.required)).collect();
        teams.sort_by_cached_key(|team| TeamKey::of(&team.name));
        teams.truncate(usize::from(query.limit.get()) + 1);
        Ok(teams)
    }

    async fn team(&self, id: TeamId) -> Result<Option<TeamFacts>, StoreError> {
        Ok(self.open()?.team(id))
    }

    async fn is_team_admin_of(&self, admin: UserId, member: UserId) -> Result<bool, StoreError> {
        let state = self.open()?;
        let mut teams = state.teams.values().filter(|kept| kept.team.active);
        Ok(teams.any(|kept| {
            let leads = kept.members.iter().any(|one| one.user_id == admin && one.role == TeamRole::TeamAdmin);
            leads && kept.members.iter().any(|one| one.user_id == member)
        }))
    }

    async fn change_member_role(&self, change: &RoleChange) -> Result<MemberRoleOutcome, StoreError> {
        let mut state = self.open()?;
        let team = state.team(change.team_id);
        if let RoleGiver::User(giver) = change.by {
            let admins = |member: &MemberFacts| member.active && member.role == TeamRole::TeamAdmin;
            let members = team.iter().flat_map(|team| &team.members);
            if !members.into_iter().any(|member| member.id == giver && admins(member)) {
                return Ok(MemberRoleOutcome::Denied);
            }
        }
        let kept = state.teams.get_mut(&change.team_id).filter(|kept| kept.team.active);
        let member = kept.and_then(|kept| kept.members.iter_mut().find(|member| member.user_id == change.user_id));
        let Some(member) = member else {
            return Ok(MemberRoleOutcome::NotMember);
        };
        if member.role == change.role {
            return Ok(MemberRoleOutcome::Unchanged);
        }
        let from = member.role;
        member.role = change.role;
        state.trail.push(change.events.from(from).clone());
        Ok(MemberRoleOutcome::Changed { from })
    }
}

impl State {
    fn team(&self, id: TeamId) -> Option<TeamFacts> {
        let KeptTeam { team, members, .. } = self.teams.get(&id).filter(|kept| kept.team.active)?;
        let mut members: Vec<MemberFacts> = members
            .iter()
            .filter_map(|member| {
                let facts = self.profile(member.user_id)?;
                // No time enters into it: a proof does not age.
                let status = facts.verification(ChannelSet::ALL, facts.user.created_at);
                let is_proven = |method: &Method| status.channel(*method).verified_at.is_some();
                Some(MemberFacts {
                    id: facts.user.id,
                    user_name: facts.user.user_name,
                    display_name: facts.user.display_name,
                    active: facts.user.active,
                    role: member.role,
                    proven: Method::ALL.into_iter().filter(is_proven).collect(),
                })
            })
            .collect();
        members.sort_by_cached_key(|member| fold(&member.user_name));
        Some(TeamFacts { id, name: team.name.clone(), synced_from_directory: team.synced_from_directory, members })
    }
}

fn summary(team: TeamFacts, required: ChannelSet) -> TeamSummary {
    let count = |counts: &dyn Fn(&MemberFacts) -> bool| team.members.iter().filter(|member| counts(member)).count();
    TeamSummary {
        members: count(&|member| member.active) as u64,
        can_be_on_call: count(&|member| member.can_be_on_call(required)) as u64,
        id: team.id,
        name: team.name,
        synced_from_directory: team.synced_from_directory,
    }
}
