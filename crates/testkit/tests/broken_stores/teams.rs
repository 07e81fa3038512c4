//! Stores that let people give roles in teams who may not, or show teams as they are not.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::team::{
    MemberRoleOutcome, RoleChange, RoleGiver, TeamFacts, TeamQuery, TeamRole, TeamStore, TeamSummary,
};
use muster_domain::verification::{ChannelSet, Method};
use muster_domain::{StoreError, TeamId, UserId};
use muster_testkit::MemoryStore;

use crate::breakable::{Kept, Teams, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Gives a role whoever gives it.
    Trusting;
    /// Wants every channel proven, whatever is required.
    WantsAll;
    /// Takes everybody's e-mail address for proven.
    Credulous;
    /// Takes every member of a team for its team admin.
    Promoting;
}

/// Reads whether the giver may and then writes without a condition. The first waits until somebody else has read.
struct LooksBeforeItLeaps {
    store: MemoryStore,
    looks: AtomicUsize,
}

impl LooksBeforeItLeaps {
    fn new(store: MemoryStore) -> Self {
        Self { store, looks: AtomicUsize::new(0) }
    }
}

impl Kept for LooksBeforeItLeaps {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Teams for LooksBeforeItLeaps {
    async fn change_member_role(&self, change: &RoleChange) -> Result<MemberRoleOutcome, StoreError> {
        if let RoleGiver::User(giver) = change.by {
            let members = self.store.team(change.team_id).await?.into_iter().flat_map(|team| team.members);
            if !members.into_iter().any(|member| member.id == giver && member.role == TeamRole::TeamAdmin) {
                return Ok(MemberRoleOutcome::Denied);
            }
        }
        self.looks.fetch_add(1, Ordering::SeqCst);
        while self.looks.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        self.store.change_member_role(&RoleChange { by: RoleGiver::Admin, ..change.clone() }).await
    }
}

#[async_trait]
impl Teams for Trusting {
    async fn change_member_role(&self, change: &RoleChange) -> Result<MemberRoleOutcome, StoreError> {
        self.0.change_member_role(&RoleChange { by: RoleGiver::Admin, ..change.clone() }).await
    }
}

#[async_trait]
impl Teams for WantsAll {
    async fn list(&self, query: &TeamQuery) -> Result<Vec<TeamSummary>, StoreError> {
        TeamStore::list(&self.0, &TeamQuery { required: ChannelSet::ALL, ..query.clone() }).await
    }
}

#[async_trait]
impl Teams for Credulous {
    async fn team(&self, id: TeamId) -> Result<Option<TeamFacts>, StoreError> {
        let mut team = self.0.team(id).await?;
        for member in team.iter_mut().flat_map(|team| &mut team.members) {
            member.proven.push(Method::Email);
        }
        Ok(team)
    }
}

#[async_trait]
impl Teams for Promoting {
    async fn is_team_admin_of(&self, admin: UserId, member: UserId) -> Result<bool, StoreError> {
        let teams = TeamStore::list(&self.0, &TeamQuery::default()).await?;
        for team in teams {
            let members = self.0.team(team.id).await?.map(|team| team.members).unwrap_or_default();
            if [admin, member].iter().all(|id| members.iter().any(|one| one.id == *id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[test]
fn a_member_who_passes_for_a_team_admin_is_caught() {
    caught!(
        breaking!(teams, Promoting),
        teams::a_team_admin_is_one_of_the_members_of_their_active_teams,
        "a responder of the same team"
    );
}

#[test]
fn a_role_that_anybody_may_give_is_caught() {
    caught!(
        breaking!(teams, Trusting),
        teams::who_is_no_active_team_admin_of_that_team_is_denied,
        "a role was given by somebody who may not"
    );
}

#[test]
fn two_team_admins_who_both_demote_the_other_are_caught() {
    caught!(
        breaking!(teams, LooksBeforeItLeaps::new),
        teams::of_two_team_admins_who_demote_each_other_at_once_one_does,
        "not exactly one was demoted"
    );
}

#[test]
fn counts_that_ignore_the_required_channels_are_caught() {
    caught!(
        breaking!(teams, WantsAll),
        teams::a_summary_counts_active_members_and_those_who_can_be_on_call,
        "required: "
    );
}

#[test]
fn a_team_that_shows_what_is_not_proven_is_caught() {
    caught!(breaking!(teams, Credulous), teams::what_is_proven_follows_the_same_rule_as_the_status, "are required");
}
