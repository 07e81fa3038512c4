use std::net::IpAddr;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::audit::AuditEvent;
use crate::break_glass::{BreakGlassAccount, PasswordHash};
use crate::directory::InsertOutcome;
use crate::notice::Notice;
use crate::user::User;
use crate::{StoreError, UserId};

/// What a sign-in is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub user_id: UserId,
    /// What the account is called, as it was made.
    pub name: String,
    /// The password's hash.
    pub hash: PasswordHash,
}

/// Whose sign-in attempts are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AttemptScope {
    /// Those for an account, by its folded name, whether or not there is one.
    Account(String),
    /// Those from an address; of IPv6, from the network of its first 64 bits.
    Address(IpAddr),
}

/// How many attempts may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptLimit {
    /// Whose.
    pub scope: AttemptScope,
    /// The most within one window.
    pub max: u32,
    /// How long a count runs from the first that it counts.
    pub window: Duration,
}

/// Keeps break-glass accounts and counts attempts to use them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BreakGlassStore: Send + Sync {
    /// Adds a local admin with an account of that name and password and writes `event`, all or nothing.
    /// [`InsertOutcome::Taken`], and nothing written, when there is an account of that name (without regard to case)
    /// that works. Such a person is in no list and no team, and the directory and sign-in by an identity provider know
    /// nobody of that name.
    async fn insert(
        &self,
        user: &User,
        name: &str,
        hash: &PasswordHash,
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError>;

    /// Every account, whether it works or not, by folded name, then newest first.
    async fn list(&self) -> Result<Vec<BreakGlassAccount>, StoreError>;

    /// The account of that name (without regard to case) that works.
    async fn find(&self, name: &str) -> Result<Option<Credential>, StoreError>;

    /// Revokes the account of that name that works, deactivates its person, and writes `event`, all or nothing. `false`,
    /// and nothing written, when there is none. Of any number of such calls at once, exactly one is `true`.
    async fn revoke(&self, name: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError>;

    /// Counts one attempt at `at` against every limit, or none: when a count would pass its `max`, nothing is counted and
    /// the end of that limit's window is returned, the latest of several. A window begins with the first attempt that it
    /// counts; one that comes a window's length after that or later begins it again. However many run at once, on
    /// however many servers, no count passes its `max`.
    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError>;

    /// The directory's active admins who have an e-mail address, for that is how they are told.
    async fn admins(&self) -> Result<Vec<UserId>, StoreError>;

    /// Notes that an account was signed in at `at`, adds `notices` and writes `event`, all or nothing. `false`, and
    /// nothing written, when the account does not work any more.
    async fn record_use(
        &self,
        user_id: UserId,
        at: OffsetDateTime,
        notices: &[Notice],
        event: &AuditEvent,
    ) -> Result<bool, StoreError>;

    /// Writes the record of an attempt that was refused.
    async fn record_refusal(&self, event: &AuditEvent) -> Result<(), StoreError>;
}
