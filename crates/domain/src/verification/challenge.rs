use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::verification::{CodeBinding, CodeHash, Fingerprint, Masked, Method};
use crate::{ChallengeId, DeviceId, UserId};

/// One code that was made for one destination of one person. There is at most one row for each person and method: a
/// new send replaces it, which kills the old code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Which.
    pub id: ChallengeId,
    /// Whose.
    pub user_id: UserId,
    /// Over which channel.
    pub method: Method,
    /// To which device, when the method is push; `None` once that device is gone.
    pub device_id: Option<DeviceId>,
    /// The destination, masked.
    pub destination: Masked,
    /// The destination's fingerprint.
    pub fingerprint: Fingerprint,
    /// The code's keyed hash.
    pub code_hash: CodeHash,
    /// When the code was made; the next may be made [`Challenge::COOLDOWN`] later.
    pub opened_at: OffsetDateTime,
    /// When the code stops working.
    pub expires_at: OffsetDateTime,
    /// How many wrong codes were tried.
    pub failed_attempts: u8,
    /// How it ended, when something ended it.
    pub closure: Option<Closure>,
}

/// What ended a challenge before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closure {
    /// The right code was given.
    Completed {
        /// When.
        at: OffsetDateTime,
    },
    /// Its destination is gone or was replaced.
    Cancelled {
        /// When.
        at: OffsetDateTime,
    },
}

/// Where a challenge is in its life.
///
/// ```text
/// Live ──right code──▶ Closed      Live ──5th wrong code──▶ Exhausted
/// Live ──destination gone──▶ Closed      Live ──15 minutes──▶ Expired
/// ```
/// Nothing leads back to `Live`; a new send makes a new challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeState {
    /// The right code completes it.
    Live {
        /// How many wrong codes it still bears; at least 1.
        attempts_left: u8,
    },
    /// Too many wrong codes: dead until a new send, even past its time.
    Exhausted,
    /// Its time is over.
    Expired,
    /// Completed or cancelled.
    Closed,
}

impl Challenge {
    /// How many wrong codes kill a challenge.
    pub const MAX_ATTEMPTS: u8 = 5;
    /// How long a code works.
    pub const LIFETIME: Duration = Duration::minutes(15);
    /// How long after one send the next may follow, for each person and method.
    pub const COOLDOWN: Duration = Duration::seconds(60);

    /// Where it is in its life as of `now`.
    #[must_use]
    pub fn state(&self, now: OffsetDateTime) -> ChallengeState {
        let attempts_left = Self::MAX_ATTEMPTS.saturating_sub(self.failed_attempts);
        if self.closure.is_some() {
            ChallengeState::Closed
        } else if attempts_left == 0 {
            ChallengeState::Exhausted
        } else if self.expires_at <= now {
            ChallengeState::Expired
        } else {
            ChallengeState::Live { attempts_left }
        }
    }

    /// When the next code may be sent.
    #[must_use]
    pub fn resend_after(&self) -> OffsetDateTime {
        self.opened_at + Self::COOLDOWN
    }

    /// What its code is good for.
    #[must_use]
    pub fn binding(&self) -> CodeBinding {
        CodeBinding { challenge_id: self.id, user_id: self.user_id, method: self.method, fingerprint: self.fingerprint }
    }
}

/// What came of handing a message to its provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Delivery {
    /// The provider took it.
    #[serde(rename_all = "camelCase")]
    Accepted {
        /// The provider's own id of the message, when it gave one.
        provider_message_id: Option<String>,
    },
    /// The development outbox kept it; nobody was told.
    Captured,
    /// The provider will not deliver it.
    Rejected,
    /// The destination exists no more.
    Gone,
    /// The provider takes no more for now.
    Throttled,
    /// The provider could not be reached or failed.
    Unavailable,
    /// The provider did not answer in time.
    TimedOut,
}

impl Delivery {
    /// Whether the message is on its way (or, in development, in the outbox).
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Captured)
    }
}

/// That a person was reached at a destination by e-mail or SMS. A push proof lives on its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Over which channel.
    pub method: Method,
    /// Which destination. The proof counts only while the person's destination has this fingerprint.
    pub fingerprint: Fingerprint,
    /// When the right code was given.
    pub verified_at: OffsetDateTime,
}
