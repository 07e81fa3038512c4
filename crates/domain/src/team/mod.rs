//! Teams, who does what in them, and who of them can be on call.

mod authorize;
mod change_member_role;
mod get_team;
mod list_teams;
mod port;

pub use authorize::AuthorizeError;
pub use change_member_role::ChangeMemberRoleError;
pub use port::{
    MemberFacts, MemberRoleOutcome, RoleChange, RoleEvents, RoleGiver, TeamFacts, TeamKey, TeamQuery, TeamStore,
    TeamSummary,
};

#[cfg(feature = "mock")]
pub use port::MockTeamStore;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Clock, Entropy, TeamId, UserId};

/// Reading teams, and the one thing about them that is Muster's own to change: what a member does there.
pub struct TeamService {
    /// Teams and their members.
    pub teams: Arc<dyn TeamStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the ids of audit records.
    pub entropy: Arc<dyn Entropy>,
}

/// What a person does in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamRole {
    /// Reads along.
    Observer,
    /// Is paged.
    Responder,
    /// Is paged, and gives the team's roles.
    TeamAdmin,
}

impl TeamRole {
    /// `observer`, `responder` or `team_admin`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Responder => "responder",
            Self::TeamAdmin => "team_admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Observer, Self::Responder, Self::TeamAdmin].into_iter().find(|role| role.as_str() == name)
    }
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Which.
    pub id: TeamId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// The directory's own id of it, unique when present.
    pub external_id: Option<String>,
    /// An inactive team is kept for history and shown nowhere.
    pub active: bool,
    /// Whether its members come from a group of the directory.
    pub synced_from_directory: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// A person's place in a team, as the team sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// What they do there.
    pub role: TeamRole,
}

/// A person's place in a team, as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Membership {
    /// Which team.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// What they do there.
    pub role: TeamRole,
}
