use time::{Duration, OffsetDateTime};

use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::device::Device;
use crate::user::{E164, EmailAddress, Phone, ProfileFacts};
use crate::verification::{
    Challenge, Code, CodeBinding, CodeMessage, Delivery, Fingerprint, Masked, Method, NotifyError, OpenOutcome,
    Receipt, VerificationService,
};
use crate::{ChallengeId, DeviceId, StoreError, UserId};

/// A code that was made, and what came of sending it.
#[derive(Debug)]
pub struct SentCode {
    /// The challenge it answers.
    pub id: ChallengeId,
    /// Over which channel.
    pub method: Method,
    /// Where it went, masked.
    pub destination: Masked,
    /// When it stops working.
    pub expires_at: OffsetDateTime,
    /// What came of handing it to the provider.
    pub delivery: Delivery,
    /// Why it was not handed over, for the operator's log alone.
    pub failure: Option<NotifyError>,
    /// The code itself, only when the development outbox captured it.
    pub captured_code: Option<Code>,
}

/// Why no code was made.
#[derive(Debug, thiserror::Error)]
pub enum SendCodeError {
    /// There is no such person, or they are deactivated.
    #[error("there is no such active user")]
    NoUser,
    /// A device was named for a method that has none.
    #[error("only push is sent to a device")]
    DeviceNotApplicable,
    /// The named device is not one of the person's.
    #[error("there is no such device")]
    NoDevice,
    /// Nothing is on file to send to.
    #[error("there is no {method} destination on file")]
    NoDestination {
        /// The channel.
        method: Method,
    },
    /// The last send was less than [`Challenge::COOLDOWN`] ago.
    #[error("a code was sent less than a minute ago")]
    TooSoon {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The store failed.
    #[error("could not record the challenge")]
    Store(#[from] StoreError),
}

/// Where a code goes.
enum Destination<'a> {
    Email(&'a EmailAddress),
    Sms(&'a E164),
    Push(&'a Device),
}

impl VerificationService {
    /// Makes a code for one of a person's destinations and sends it: record, commit, send, record the outcome. A
    /// failed delivery is not an error: the challenge stays and the outcome says so.
    ///
    /// Push goes to `device_id`, or to the device that was seen last when none is named.
    ///
    /// # Errors
    /// See [`SendCodeError`].
    pub async fn send_code(
        &self,
        user_id: UserId,
        method: Method,
        device_id: Option<DeviceId>,
        origin: &Origin,
    ) -> Result<SentCode, SendCodeError> {
        let facts = self.profiles.profile(user_id).await?.filter(|f| f.user.active).ok_or(SendCodeError::NoUser)?;
        let (destination, fingerprint) = choose_destination(&facts, method, device_id)?;
        let now = self.clock.now();
        let code = Code::generate(&*self.entropy);
        let challenge = self.challenge(&facts, method, &destination, fingerprint, &code, now);
        self.open(&challenge, now, origin).await?;

        let message = CodeMessage {
            code: code.clone(),
            display_name: facts.user.display_name.clone(),
            locale: facts.user.locale.clone(),
            valid_for: Challenge::LIFETIME,
            at: now,
            requested_from: origin.ip,
        };
        let outcome = self.deliver(&destination, &message).await;
        let delivery = Delivery::from(&outcome);
        let change = AuditChange::ChallengeSent {
            challenge_id: challenge.id,
            method,
            destination: challenge.destination.clone(),
            delivery: delivery.clone(),
        };
        let event = AuditEvent::new(self.clock.now(), &*self.entropy, origin, Some(user_id), &change);
        self.store.record_delivery(challenge.id, &delivery, &event).await?;
        Ok(SentCode {
            id: challenge.id,
            method,
            destination: challenge.destination,
            expires_at: challenge.expires_at,
            captured_code: (delivery == Delivery::Captured).then_some(code),
            delivery,
            failure: outcome.err(),
        })
    }

    fn challenge(
        &self,
        facts: &ProfileFacts,
        method: Method,
        destination: &Destination<'_>,
        fingerprint: Fingerprint,
        code: &Code,
        now: OffsetDateTime,
    ) -> Challenge {
        let id = ChallengeId::new(now, &*self.entropy);
        let binding = CodeBinding { challenge_id: id, user_id: facts.user.id, method, fingerprint };
        let (masked, device_id) = match destination {
            Destination::Email(address) => (Masked::email(address), None),
            Destination::Sms(number) => (Masked::phone(number.as_str()), None),
            Destination::Push(device) => (Masked::device(device.platform), Some(device.id)),
        };
        Challenge {
            id,
            user_id: facts.user.id,
            method,
            device_id,
            destination: masked,
            fingerprint,
            code_hash: self.hasher.hash(&binding, code),
            opened_at: now,
            expires_at: now + Challenge::LIFETIME,
            failed_attempts: 0,
            closure: None,
        }
    }

    async fn open(&self, challenge: &Challenge, now: OffsetDateTime, origin: &Origin) -> Result<(), SendCodeError> {
        let change = AuditChange::ChallengeOpened {
            challenge_id: challenge.id,
            method: challenge.method,
            destination: challenge.destination.clone(),
        };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(challenge.user_id), &change);
        match self.store.open_challenge(challenge, now - Challenge::COOLDOWN, &event).await? {
            OpenOutcome::Opened => Ok(()),
            OpenOutcome::TooSoon { opened_at } => {
                // Opened a moment after `now` by a request that overtook this one, or by another machine's clock.
                let since = (now - opened_at).max(Duration::ZERO);
                Err(SendCodeError::TooSoon { retry_after: Challenge::COOLDOWN - since })
            }
        }
    }

    async fn deliver(&self, destination: &Destination<'_>, message: &CodeMessage) -> Result<Receipt, NotifyError> {
        match destination {
            Destination::Email(address) => self.email.send_email(address, message).await,
            Destination::Sms(number) => self.sms.send_sms(number, message).await,
            Destination::Push(device) => self.push.send_push(device.platform, &device.token, message).await,
        }
    }
}

fn choose_destination(
    facts: &ProfileFacts,
    method: Method,
    device_id: Option<DeviceId>,
) -> Result<(Destination<'_>, Fingerprint), SendCodeError> {
    if device_id.is_some() && method != Method::Push {
        return Err(SendCodeError::DeviceNotApplicable);
    }
    let user = &facts.user;
    let chosen = match method {
        Method::Email => user.email.as_ref().map(Destination::Email).zip(user.email_fingerprint),
        Method::Sms => {
            let number = user.phone.as_ref().and_then(Phone::deliverable);
            number.map(Destination::Sms).zip(user.phone_fingerprint)
        }
        Method::Push => {
            let device = match device_id {
                Some(id) => Some(facts.devices.iter().find(|d| d.id == id).ok_or(SendCodeError::NoDevice)?),
                None => facts.devices.iter().max_by_key(|d| (d.last_seen_at, d.id)),
            };
            device.map(|device| (Destination::Push(device), device.token_fingerprint))
        }
    };
    chosen.ok_or(SendCodeError::NoDestination { method })
}
