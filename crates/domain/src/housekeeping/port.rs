use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::audit::AuditEvent;
use crate::device::Platform;
use crate::{DeviceId, StoreError, UserId};

/// What is kept for a while after it has served its time, and then removed without a record: nothing is lost with it
/// that anybody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stale {
    /// Challenges, by the later of their expiry and the end of the wait for the next. A person's row is made again with
    /// their next code.
    Challenges,
    /// Sessions that expired or were ended, by whichever was first, with all their refresh tokens. Whoever shows one
    /// gets the same answer as before.
    Sessions,
    /// Refresh tokens that were superseded, by when they were, while their session goes on. One that is shown later
    /// still is refused, but no longer ends its session as a replay.
    RefreshTokens,
    /// Counts of codes, by when their window began.
    SendCounts,
    /// Notes of when somebody was refused a code, by when they were made.
    SendRefusals,
    /// Counts of break-glass sign-ins, by when their window began.
    SignInAttempts,
    /// Deactivations that the directory's brake has counted, by when they were. Those that it refused stay while it holds.
    Deactivations,
}

impl Stale {
    /// All of them, those first that others depend on.
    pub const ALL: [Self; 7] = [
        Self::Challenges,
        Self::RefreshTokens,
        Self::Sessions,
        Self::SendCounts,
        Self::SendRefusals,
        Self::SignInAttempts,
        Self::Deactivations,
    ];

    /// How long it is kept: longer than any rule looks back.
    #[must_use]
    pub fn kept_for(self) -> Duration {
        match self {
            Self::Sessions | Self::RefreshTokens => Duration::days(30),
            Self::Challenges | Self::SendCounts | Self::SendRefusals | Self::SignInAttempts | Self::Deactivations => {
                Duration::days(2)
            }
        }
    }

    /// Its name in metrics, like `refresh_tokens`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Challenges => "challenges",
            Self::Sessions => "sessions",
            Self::RefreshTokens => "refresh_tokens",
            Self::SendCounts => "send_counts",
            Self::SendRefusals => "send_refusals",
            Self::SignInAttempts => "sign_in_attempts",
            Self::Deactivations => "deactivations",
        }
    }
}

/// A device that no app has registered again for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldDevice {
    /// Whose it is.
    pub user_id: UserId,
    /// Which.
    pub id: DeviceId,
    /// Of which kind.
    pub platform: Platform,
    /// When it was seen last.
    pub last_seen_at: OffsetDateTime,
}

/// Where a walk over the rows of a kind goes on. Only the store that made it knows what the number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark(pub i64);

/// What one batch of a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// How many rows were removed; 0 does not mean that the walk is over.
    pub removed: u64,
    /// Where the next batch begins; `None` at the end of the walk.
    pub next: Option<Bookmark>,
}

/// Keeps what has served its time, until it is removed.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// One batch of a walk over all rows of a kind: looks at rows from a bookmark on (`None`: from the first), removes
    /// at most `limit` whose time was before `before`, and returns where the walk goes on. A batch looks at a bounded
    /// number of rows and takes a bounded time, however many rows the kind has. A walk ends, and by then removed each row that
    /// had served its time when the walk began, except those that other units of work held meanwhile. What is still
    /// in use stays, however old it is; what others are working on is not waited for.
    async fn purge(
        &self,
        what: Stale,
        before: OffsetDateTime,
        from: Option<Bookmark>,
        limit: u16,
    ) -> Result<Purged, StoreError>;

    /// How many rows of a kind a walk would remove now.
    async fn backlog(&self, what: Stale, before: OffsetDateTime) -> Result<u64, StoreError>;

    /// Up to `limit` devices that were last seen before `unproven`, or before `proven` if they are proven; those first
    /// that were seen longest ago (then by id). A device with a session that is live at `now` is not old.
    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError>;

    /// Removes a device as [`crate::device::DeviceStore::remove`] does, with its record, all or nothing. `false`, and
    /// nothing written, when it is gone or has been seen since.
    async fn expire_device(
        &self,
        device: &OldDevice,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError>;
}
