use time::{Duration, OffsetDateTime};

use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::user::ProfileFacts;
use crate::verification::{
    Challenge, ChallengeState, Code, Fingerprint, Method, VerificationService, VerificationStatus,
};
use crate::{StoreError, UserId};

/// A contact that was just proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Over which channel.
    pub method: Method,
    /// When.
    pub at: OffsetDateTime,
    /// Everything that is proven now.
    pub status: VerificationStatus,
}

/// Why a code proved nothing. Wrong, expired, used and unknown codes are one variant on purpose: the difference would
/// tell a guesser something.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCodeError {
    /// Not the code of a live challenge.
    #[error("the code is invalid or has expired")]
    InvalidOrExpired {
        /// How many more wrong codes the challenge bears, while one lives.
        attempts_left: Option<u8>,
    },
    /// Too many wrong codes; only a new code helps.
    #[error("too many wrong codes")]
    Exhausted {
        /// How long until a new code can be sent; at least a second.
        retry_after: Duration,
    },
    /// The store failed.
    #[error("could not check the code")]
    Store(#[from] StoreError),
}

impl VerificationService {
    /// Checks a code that a person typed and, when it is right, makes the destination proven.
    ///
    /// The comparison decides which conditional write is tried; the write decides what is true. So at most
    /// [`Challenge::MAX_ATTEMPTS`] wrong codes count and one right code succeeds, however many come at once.
    ///
    /// # Errors
    /// See [`VerifyCodeError`].
    pub async fn verify_code(
        &self,
        user_id: UserId,
        method: Method,
        code: &Code,
        origin: &Origin,
    ) -> Result<Verified, VerifyCodeError> {
        let now = self.clock.now();
        let dead = VerifyCodeError::InvalidOrExpired { attempts_left: None };
        let Some(challenge) = self.store.find_challenge(user_id, method).await? else {
            return Err(dead);
        };
        match challenge.state(now) {
            ChallengeState::Expired | ChallengeState::Closed => return Err(dead),
            ChallengeState::Exhausted => return Err(exhausted(&challenge, now)),
            ChallengeState::Live { .. } => {}
        }
        if !self.hasher.matches(&challenge.binding(), code, &challenge.code_hash) {
            return Err(self.count_wrong_code(&challenge, now, origin).await?);
        }
        let change = AuditChange::ChallengeCompleted {
            challenge_id: challenge.id,
            method,
            destination: challenge.destination.clone(),
        };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user_id), &change);
        let mut tried = None;
        loop {
            // Read before the write, so that nothing can fail once the code is used.
            let Some(mut facts) = self.profiles.profile(user_id).await? else {
                return Err(dead);
            };
            let Some(destination) = self.destination_now(&facts, &challenge) else {
                return Err(dead);
            };
            // Again only when the fingerprint was moved to another key between the read and the write.
            if tried == Some(destination) {
                return Err(dead);
            }
            if self.store.complete_challenge(challenge.id, &destination, now, &event).await? {
                facts.prove(&challenge, destination, now);
                return Ok(Verified { method, at: now, status: facts.verification(self.channels, now) });
            }
            tried = Some(destination);
        }
    }

    /// The fingerprint that a challenge's destination has now, while it is still the person's. It may have been moved to
    /// another key since the challenge was opened.
    fn destination_now(&self, facts: &ProfileFacts, challenge: &Challenge) -> Option<Fingerprint> {
        let user = &facts.user;
        let (destination, now) = match challenge.method {
            Method::Email => (user.email.as_ref()?.normalized(), user.email_fingerprint?),
            Method::Sms => (user.phone.as_ref()?.deliverable()?.as_str().to_owned(), user.phone_fingerprint?),
            Method::Push => {
                let device = facts.devices.iter().find(|device| Some(device.id) == challenge.device_id)?;
                (device.destination(), device.token_fingerprint)
            }
        };
        let is_same = now == challenge.fingerprint
            || self.fingerprinter.fingerprints(challenge.method, &destination).contains(&challenge.fingerprint);
        is_same.then_some(now)
    }

    async fn count_wrong_code(
        &self,
        challenge: &Challenge,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<VerifyCodeError, StoreError> {
        let change = AuditChange::ChallengeFailed { challenge_id: challenge.id, method: challenge.method };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(challenge.user_id), &change);
        Ok(match self.store.spend_attempt(challenge.id, now, &event).await? {
            Some(failed) => VerifyCodeError::InvalidOrExpired {
                attempts_left: Some(Challenge::MAX_ATTEMPTS.saturating_sub(failed)),
            },
            // Not live any more: others spent the rest, or it was completed or replaced meanwhile.
            None => match self.store.find_challenge(challenge.user_id, challenge.method).await? {
                Some(now_there) if now_there.state(now) == ChallengeState::Exhausted => exhausted(&now_there, now),
                _ => VerifyCodeError::InvalidOrExpired { attempts_left: None },
            },
        })
    }
}

fn exhausted(challenge: &Challenge, now: OffsetDateTime) -> VerifyCodeError {
    let left = Challenge::wait_left(challenge.opened_at, challenge.resend_after, now);
    let retry_after = left.unwrap_or_default().max(Duration::SECOND);
    VerifyCodeError::Exhausted { retry_after }
}
