use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::verification::{Challenge, Delivery, Fingerprint, Method, Quota, QuotaScope, RefusalReason};
use crate::{ChallengeId, StoreError, UserId};

/// What came of opening a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// It is the person's challenge for that method now.
    Opened,
    /// Nothing is written: there is no such active person.
    NoUser,
    /// Nothing is written: the device is not the person's any more.
    NoDevice,
    /// Nothing is written: the wait after the one before is not over.
    TooSoon {
        /// When that one was opened.
        opened_at: OffsetDateTime,
        /// When the next may be.
        resend_after: OffsetDateTime,
    },
    /// Nothing is written: one more would be more than a quota allows.
    OverQuota {
        /// What the quota is kept for; of several that are used up, the first in the order given.
        scope: QuotaScope,
        /// When its window ends, at the latest.
        until: OffsetDateTime,
    },
}

/// A person who was refused a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Who.
    pub user_id: UserId,
    /// Over which channel.
    pub method: Method,
    /// Why.
    pub reason: RefusalReason,
    /// When.
    pub at: OffsetDateTime,
}

/// Keeps challenges and proofs.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait VerificationStore: Send + Sync {
    /// Makes `challenge` the only one of its person and method, counts it against every quota, and writes `event`: all
    /// or nothing.
    ///
    /// - Only while the person is active, else [`OpenOutcome::NoUser`], and the device that it names is theirs, else
    ///   [`OpenOutcome::NoDevice`]: what was read of them before may be over.
    /// - Only when the `resend_after` of the one before it is at or before its own `opened_at` (or there is none); else
    ///   [`OpenOutcome::TooSoon`], whatever the quotas. Of any number of such calls at once, exactly one is
    ///   [`OpenOutcome::Opened`].
    /// - Only when no quota's count in its window would pass its `max`; else [`OpenOutcome::OverQuota`]. A count is kept
    ///   for each scope and window. Its window begins at the `opened_at` of the first that it counts; one that comes a
    ///   window's length after that or later begins it again. However many run at once, no count passes its `max`, and
    ///   under a `max` of 0 nothing is opened. Callers give scopes and windows always in the same order.
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError>;

    /// Writes `event`, the record that a person was refused a code for that reason at `at`, but only when the last such
    /// record of the same person, method and reason is from `cutoff` or before (or there is none): a flood of requests
    /// does not become a flood of records. Returns whether it was written; of any number of such calls at once, exactly
    /// one is `true`.
    async fn record_refusal(
        &self,
        refused: &Refused,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError>;

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

    /// Closes a challenge that is live at `at` as completed, makes `destination` proven as of `at`, and writes `event`:
    /// all or nothing. The proof replaces an earlier one of that person and method; for push it is put on the
    /// challenge's device. `false`, and nothing written, when the challenge is not live, or `destination` is not the
    /// person's fingerprint for that method (for push, the device's), or its device is gone. Of any number of such calls
    /// at once, exactly one is `true`.
    ///
    /// The caller knows that `destination` is the challenge's: mostly it is the challenge's own fingerprint, and during a
    /// rotation of the pepper it may be the same destination's under another key.
    async fn complete_challenge(
        &self,
        id: ChallengeId,
        destination: &Fingerprint,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError>;
}
