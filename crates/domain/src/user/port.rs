use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::page::Limit;
use crate::user::{Account, ProfileFacts, Role, UserSummary, fold};
use crate::verification::ChannelSet;
use crate::{StoreError, TeamId, UserId};

/// Reads everything that a profile shows as one consistent whole, in one round trip where the engine can.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProfileReader: Send + Sync {
    /// The person with that id, active or not, with their active teams (by folded name, see [`fold`]), every proof on
    /// record, devices (oldest first), the latest challenge of each method, and the stored preferences. `None` when
    /// there is no such person. Never a stale answer: what another call has committed is seen.
    async fn profile(&self, id: UserId) -> Result<Option<ProfileFacts>, StoreError>;
}

/// Where a page of people starts: after the person with this folded user name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserKey(pub String);

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey(redacted)")
    }
}

impl UserKey {
    /// The key of the person with that user name.
    #[must_use]
    pub fn of(user_name: &str) -> Self {
        Self(fold(user_name))
    }
}

/// Which people are asked for. Every filter that is given must hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Only people whose user name, display name or e-mail address contains this text, without regard to case.
    pub search: Option<String>,
    /// Only people with this role.
    pub role: Option<Role>,
    /// Only active, or only deactivated people.
    pub active: Option<bool>,
    /// Only members of this team; nobody when it is inactive, for an inactive team is shown nowhere.
    pub team: Option<TeamId>,
    /// The channels that must be proven for somebody to be on call; every summary's
    /// [`can_be_on_call`](UserSummary::can_be_on_call) goes by it.
    pub required: ChannelSet,
    /// Only people who can, or only people who cannot be on call.
    pub can_be_on_call: Option<bool>,
    /// Only people who come after this one.
    pub after: Option<UserKey>,
    /// How many at the most.
    pub limit: Limit,
}

impl fmt::Debug for UserQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserQuery").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What came of a change of role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleOutcome {
    /// The role and the record are written.
    Changed,
    /// The person had that role already; nothing is written.
    Unchanged,
    /// Nothing is written, for no active admin would be left.
    LastAdmin,
    /// There is no such person.
    NotFound,
}

/// People as a list, as accounts, and their platform roles.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    /// The account with that id, active or not; `None` when there is no such person. Never a stale answer: what
    /// another call has committed is seen.
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// The account whose user name, else whose e-mail address is `login`, without regard to case. `None` when nobody's
    /// is, or when only the e-mail address fits and more than one person has it. Only the directory's accounts count,
    /// and nobody whom it removed.
    async fn find_login(&self, login: &str) -> Result<Option<Account>, StoreError>;

    /// The people who match, by folded user name ascending; no local account, and nobody whom the directory removed.
    /// Returns up to `limit + 1`: the one too many only tells that
    /// more follow.
    async fn list(&self, query: &UserQuery) -> Result<Vec<UserSummary>, StoreError>;

    /// Gives a person of the directory's a role and writes `event`, both or neither; a local account, or one that the
    /// directory removed, is [`RoleOutcome::NotFound`]. Taking the role of admin from an active admin is refused when no
    /// other active admin of the directory's is left, however many such calls run at once. `updated_at` becomes `at`;
    /// `version` stays, for it counts what the directory changes.
    async fn change_role(
        &self,
        id: UserId,
        role: Role,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<RoleOutcome, StoreError>;
}
