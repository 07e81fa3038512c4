use std::fmt;

use async_trait::async_trait;

use crate::audit::AuditEvent;
use crate::page::Limit;
use crate::team::TeamRole;
use crate::user::fold;
use crate::verification::{ChannelSet, Method};
use crate::{StoreError, TeamId, UserId};

/// Where a page of teams starts: after the team with this folded name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TeamKey(pub String);

impl TeamKey {
    /// The key of the team with that name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(fold(name))
    }
}

/// Which teams are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamQuery {
    /// The channels that must be proven for somebody to be on call.
    pub required: ChannelSet,
    /// Only teams that come after this one.
    pub after: Option<TeamKey>,
    /// How many at the most.
    pub limit: Limit,
}

/// A team as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamSummary {
    /// Which.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Whether its members come from a group of the directory.
    pub synced_from_directory: bool,
    /// How many of its members are active.
    pub members: u64,
    /// How many of them can be on call: the same rule as
    /// [`VerificationStatus::can_be_on_call`](crate::verification::VerificationStatus::can_be_on_call).
    pub can_be_on_call: u64,
}

/// A team with its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamFacts {
    /// Which.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Whether its members come from a group of the directory.
    pub synced_from_directory: bool,
    /// Everybody in it, active or not, by folded user name.
    pub members: Vec<MemberFacts>,
}

/// A member of a team, and what is proven of them.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberFacts {
    /// Who.
    pub id: UserId,
    /// The sign-in name.
    pub user_name: String,
    /// The name to show.
    pub display_name: String,
    /// Whether the person may sign in.
    pub active: bool,
    /// What they do in the team.
    pub role: TeamRole,
    /// The methods that are proven now, in the order of [`Method::ALL`].
    pub proven: Vec<Method>,
}

impl fmt::Debug for MemberFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("MemberFacts");
        shown.field("id", &self.id).field("active", &self.active).field("role", &self.role);
        shown.field("proven", &self.proven).finish_non_exhaustive()
    }
}

impl MemberFacts {
    /// Of the channels `required`, those that are not proven.
    #[must_use]
    pub fn missing(&self, required: ChannelSet) -> Vec<Method> {
        required.missing(|method| self.proven.contains(&method))
    }

    /// Whether they can be on call in an installation that has the channels `required` on.
    #[must_use]
    pub fn can_be_on_call(&self, required: ChannelSet) -> bool {
        self.active && self.missing(required).is_empty()
    }
}

/// Who gives a role in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleGiver {
    /// A platform admin, who may in every team.
    Admin,
    /// Anybody else, who may where they are a team admin.
    User(UserId),
}

/// A role to give to a member of a team.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleChange {
    /// In which team.
    pub team_id: TeamId,
    /// To whom.
    pub user_id: UserId,
    /// Which role.
    pub role: TeamRole,
    /// By whom.
    pub by: RoleGiver,
    /// What to record.
    pub events: RoleEvents,
}

/// The record to write of a change of role, for each role that the member may have before it. At most one is written.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleEvents {
    observer: AuditEvent,
    responder: AuditEvent,
    team_admin: AuditEvent,
}

impl RoleEvents {
    /// Makes them of the role that the member has before.
    pub fn of(mut event: impl FnMut(TeamRole) -> AuditEvent) -> Self {
        Self {
            observer: event(TeamRole::Observer),
            responder: event(TeamRole::Responder),
            team_admin: event(TeamRole::TeamAdmin),
        }
    }

    /// The record of a change from that role.
    #[must_use]
    pub fn from(&self, role: TeamRole) -> &AuditEvent {
        match role {
            TeamRole::Observer => &self.observer,
            TeamRole::Responder => &self.responder,
            TeamRole::TeamAdmin => &self.team_admin,
        }
    }
}

/// What came of a change of role in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRoleOutcome {
    /// The role and the record are written.
    Changed {
        /// The role before.
        from: TeamRole,
    },
    /// The member had that role already; nothing is written.
    Unchanged,
    /// There is no such active team, or the person is not in it.
    NotMember,
    /// Who wants to give the role may not; nothing is written.
    Denied,
}

/// Teams, their members, and what those do there. An inactive team is shown nowhere.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TeamStore: Send + Sync {
    /// The active teams, by folded name ascending. Returns up to `limit + 1`: the one too many only tells that more
    /// follow.
    async fn list(&self, query: &TeamQuery) -> Result<Vec<TeamSummary>, StoreError>;

    /// The active team with that id and all its members, active or not, by folded user name. E-mail and SMS are proven
    /// while there is a proof of the destination that the person has now, push while a device is. `None` when there is
    /// no such active team. Never a stale answer: what another call has committed is seen.
    async fn team(&self, id: TeamId) -> Result<Option<TeamFacts>, StoreError>;

    /// Whether `admin` is a team admin of an active team that `member` is in, active or not. Whether `admin` is active is
    /// not looked at. Never a stale answer: what another call has committed is seen.
    async fn is_team_admin_of(&self, admin: UserId, member: UserId) -> Result<bool, StoreError>;

    /// Gives a member of an active team a role and writes the record of a change from the role that they had, both or
    /// neither. A [`RoleGiver::User`] who is not, at that moment, active and a team admin of that team is
    /// [`Denied`](MemberRoleOutcome::Denied), whether or not there is such a team or such a member. However many such
    /// calls run at once, each finds what the one before it left: of two team admins who demote each other, one does.
    async fn change_member_role(&self, change: &RoleChange) -> Result<MemberRoleOutcome, StoreError>;
}
