use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::verification::{Challenge, Delivery, Method};
use crate::{ChallengeId, StoreError, UserId};

/// What came of opening a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// It is the person's challenge for that method now.
    Opened,
    /// Nothing is written: an earlier one was opened too recently.
    TooSoon {
        /// When that one was opened.
        opened_at: OffsetDateTime,
    },
}

/// Keeps challenges and proofs.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait VerificationStore: Send + Sync {
    /// Makes `challenge` the only one of its person and method and writes `event`, both or neither, but only when the
    /// one before it was opened at or before `cutoff` (or there is none). Of any number of such calls at once, exactly
    /// one is [`OpenOutcome::Opened`]. A challenge whose device was removed meanwhile is opened all the same and kept
    /// without a device: the wait for the next holds, and nothing can complete it.
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError>;

    /// Notes on a challenge what came of sending its code, and writes `event`. A challenge that was replaced meanwhile
    /// keeps nothing of it; the event is written all the same.
    async fn record_delivery(&self, id: ChallengeId, delivery: &Delivery, event: &AuditEvent)
    -> Result<(), StoreError>;

    /// The latest challenge of a person and method, in whatever state. `None` when there was none.
    async fn find_challenge(&self, user_id: UserId, method: Method) -> Result<Option<Challenge>, StoreError>;

    /// Counts one wrong code against a challenge that is live at `at` (not closed, not expired, fewer than
    /// [`Challenge::MAX_ATTEMPTS`] wrong codes) and writes `event`, both or neither. Returns how many wrong codes it has
    /// borne now; `None`, and nothing written, when it is not live. However many run at once, none gets past the limit.
    async fn spend_attempt(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<Option<u8>, StoreError>;

    /// Closes a challenge that is live at `at` as completed, makes its destination proven as of `at`, and writes
    /// `event`: all or nothing. The proof replaces an earlier one of that person and method; for push it is put on the
    /// challenge's device. `false`, and nothing written, when the challenge is not live, or its fingerprint is no longer
    /// the person's for that method, or its device is gone. Of any number of such calls at once, exactly one is `true`.
    async fn complete_challenge(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError>;
}
