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
    /// When the code was made.
    pub opened_at: OffsetDateTime,
    /// When the next may be made: [`Challenge::wait`] later.
    pub resend_after: OffsetDateTime,
    /// How many codes in a row went out without one that was typed in, this one included; at least 1.
    pub streak: u16,
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
    /// How long after one send the next may follow at the earliest, for each person and method.
    pub const COOLDOWN: Duration = Duration::seconds(60);
    /// How long after one send the next may follow at the latest, however many were sent in vain.
    pub const LONGEST_WAIT: Duration = Duration::minutes(15);
    /// After how long a quiet time sends in vain are forgotten.
    pub const STREAK_MEMORY: Duration = Duration::DAY;

    /// How long to wait after the last of that many codes in a row that nobody typed in: a minute after the first and
    /// the second, for a message may get lost, then twice as long each time.
    #[must_use]
    pub fn wait(streak: u16) -> Duration {
        let doublings = u32::from(streak.saturating_sub(2)).min(16);
        (Self::COOLDOWN * 2_i32.pow(doublings)).min(Self::LONGEST_WAIT)
    }

    /// The streak of a code that is made at `now` for a destination that has these fingerprints, one for each key, when
    /// `previous` was the person's last for that method. An address or a number that the directory corrected begins anew; a device does not, for people register
    /// as many as they like.
    #[must_use]
    pub fn streak_after(previous: Option<&Self>, destination: &[Fingerprint], now: OffsetDateTime) -> u16 {
        match previous {
            Some(previous)
                if (destination.contains(&previous.fingerprint) || previous.method == Method::Push)
                    && !matches!(previous.closure, Some(Closure::Completed { .. }))
                    && now - previous.opened_at < Self::STREAK_MEMORY =>
            {
                previous.streak.saturating_add(1)
            }
            _ => 1,
        }
    }

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

    /// How much of the wait is left at `now`, which may be a little before `opened_at` when another machine's clock is
    /// ahead; `None` when it is over.
    #[must_use]
    pub fn wait_left(opened_at: OffsetDateTime, resend_after: OffsetDateTime, now: OffsetDateTime) -> Option<Duration> {
        let left = (resend_after - opened_at) - (now - opened_at).max(Duration::ZERO);
        left.is_positive().then_some(left)
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
