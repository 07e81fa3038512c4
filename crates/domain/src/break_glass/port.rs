use std::net::IpAddr;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::audit::AuditEvent;
use crate::break_glass::{BreakGlassAccount, PasswordHash, PasswordTag, Refusal};
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
    /// The password's tag; `None` for an account that was made before there were tags.
    pub tag: Option<PasswordTag>,
}

/// How many attempts may be made from an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptLimit {
    /// The address; of IPv6, the network of its first 64 bits.
    pub address: IpAddr,
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
        tag: PasswordTag,
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError>;

    /// Every account, whether it works or not, by folded name, then newest first.
    async fn list(&self) -> Result<Vec<BreakGlassAccount>, StoreError>;

    /// The account of that name (without regard to case) that works.
    async fn find(&self, name: &str) -> Result<Option<Credential>, StoreError>;

    /// Revokes the account of that name that works, deactivates its person, and writes `event`, all or nothing. `false`,
    /// and nothing written, when there is none. Of any number of such calls at once, exactly one is `true`.
    async fn revoke(&self, name: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError>;

    /// Counts one attempt at `at`. When the count would pass its `max`, nothing is counted and the end of the window is
    /// returned. A window begins with the first attempt that it counts; one that comes a window's length after that or
    /// later begins it again. However many run at once, on however many servers, no count passes its `max`.
    async fn count_attempt(
        &self,
        limit: &AttemptLimit,
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

    /// Counts a refused attempt for its account, or for all names together that are no account's, and writes what
    /// [`RefusalRecord::of`](crate::break_glass::RefusalRecord::of) says for its number in the window: all or nothing.
    /// Returns that number, from 1. A window begins with the first attempt that it counts; one that comes a window's
    /// length after that or later begins it again. Of any number of such calls at once, each has a number of its own.
    async fn record_refusal(&self, refusal: &Refusal) -> Result<u64, StoreError>;
}
