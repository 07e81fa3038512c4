use time::{Duration, OffsetDateTime};

use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::device::{self, Device};
use crate::user::{E164, EmailAddress, Phone, ProfileFacts};
use crate::verification::{
    Challenge, Code, CodeBinding, CodeMessage, Delivery, Fingerprint, Masked, Message, Method, NotifyError,
    OpenOutcome, QuotaScope, Receipt, RefusalReason, Refused, VerificationService,
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
    /// The channel is off in this installation.
    #[error("{method} is switched off")]
    ChannelOff {
        /// The channel.
        method: Method,
    },
    /// Text messages do not go to that country.
    #[error("text messages do not go to that country")]
    DestinationNotAllowed,
    /// The wait after the last code is not over (see [`Challenge::wait`]).
    #[error("a code was sent too recently")]
    TooSoon {
        /// How long to wait.
        retry_after: Duration,
    },
    /// As many codes were sent as may be.
    #[error("too many codes were sent for one {}", .scope.as_str())]
    OverQuota {
        /// For what.
        scope: QuotaScope,
        /// How long to wait.
        retry_after: Duration,
    },
    /// The store failed.
    #[error("could not record the challenge")]
    Store(#[from] StoreError),
}

impl SendCodeError {
    /// Why the person was refused, when that is worth a record: what somebody meets who floods others, or is flooded.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalReason> {
        match self {
            Self::TooSoon { .. } => Some(RefusalReason::TooSoon),
            Self::OverQuota { scope, .. } => Some((*scope).into()),
            Self::DestinationNotAllowed => Some(RefusalReason::DestinationNotAllowed),
            Self::NoUser
            | Self::DeviceNotApplicable
            | Self::NoDevice
            | Self::NoDestination { .. }
            | Self::ChannelOff { .. }
            | Self::Store(_) => None,
        }
    }
}

/// How far apart the records of one person's refusals for one reason are at the least.
const REFUSALS_APART: Duration = Duration::MINUTE;

/// Where a code goes.
enum Destination<'a> {
    Email(&'a EmailAddress),
    Sms(&'a E164),
    Push(&'a Device),
}

/// A destination, the fingerprint that its challenge gets, and its fingerprints under every key that there is.
struct Chosen<'a> {
    destination: Destination<'a>,
    fingerprint: Fingerprint,
    fingerprints: Vec<Fingerprint>,
}

impl Destination<'_> {
    /// What its fingerprints are made of.
    fn normalized(&self) -> String {
        match self {
            Self::Email(address) => address.normalized(),
            Self::Sms(number) => number.as_str().to_owned(),
            Self::Push(device) => device.destination(),
        }
    }
}

impl VerificationService {
    /// Makes a code for one of a person's destinations and sends it: record, commit, send, record the outcome. A
    /// failed delivery is not an error: the challenge stays and the outcome says so. A device whose push service says
    /// that it is gone is removed with its proof.
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
        if !self.channels.contains(method) {
            return Err(SendCodeError::ChannelOff { method });
        }
        let (destination, stored) = choose_destination(&facts, method, device_id)?;
        let mut fingerprints = self.fingerprinter.fingerprints(method, &destination.normalized());
        // Under the current key like the code, so that both end together when the key is removed. The stored one may have
        // been made with a key that this server does not have.
        let current = fingerprints.first().copied();
        let fingerprint = current.filter(|_| fingerprints.contains(&stored)).unwrap_or(stored);
        fingerprints.push(stored);
        let chosen = Chosen { destination, fingerprint, fingerprints };
        let now = self.clock.now();
        let code = Code::generate(&*self.entropy);
        let challenge = self.challenge(&facts, method, &chosen, &code, now);
        if let Err(error) = self.open(&challenge, &chosen, device_id.is_some(), origin).await {
            if let Some(reason) = error.refusal() {
                self.record_refusal(Refused { user_id, method, reason, at: now }, origin).await?;
            }
            return Err(error);
        }

        let message = Message::Code(CodeMessage {
            code: code.clone(),
            display_name: facts.user.display_name.clone(),
            locale: facts.user.locale.clone(),
            valid_for: Challenge::LIFETIME,
            at: now,
            requested_from: origin.public_ip(),
        });
        let outcome = self.deliver(&chosen.destination, &message).await;
        let delivery = Delivery::from(&outcome);
        let change = AuditChange::ChallengeSent {
            challenge_id: challenge.id,
            method,
            destination: challenge.destination.clone(),
            delivery: delivery.clone(),
        };
        let event = AuditEvent::new(self.clock.now(), &*self.entropy, origin, Some(user_id), &change);
        self.store.record_delivery(challenge.id, &delivery, &event).await?;
        if let (Err(NotifyError::Gone { since, .. }), Destination::Push(device)) = (&outcome, &chosen.destination) {
            device::forget(&*self.devices, device, *since, self.clock.now(), &*self.entropy, origin).await?;
        }
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
        chosen: &Chosen<'_>,
        code: &Code,
        now: OffsetDateTime,
    ) -> Challenge {
        let fingerprint = chosen.fingerprint;
        let id = ChallengeId::new(now, &*self.entropy);
        let previous = facts.challenges.iter().find(|challenge| challenge.method == method);
        let streak = Challenge::streak_after(previous, &chosen.fingerprints, now);
        let binding = CodeBinding { challenge_id: id, user_id: facts.user.id, method, fingerprint };
        let (masked, device_id) = match &chosen.destination {
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
            resend_after: now + Challenge::wait(streak),
            streak,
            expires_at: now + Challenge::LIFETIME,
            failed_attempts: 0,
            closure: None,
        }
    }

    async fn open(
        &self,
        challenge: &Challenge,
        chosen: &Chosen<'_>,
        is_named: bool,
        origin: &Origin,
    ) -> Result<(), SendCodeError> {
        if let Destination::Sms(number) = &chosen.destination
            && !self.limits.sms_prefixes.allow(number)
        {
            return Err(SendCodeError::DestinationNotAllowed);
        }
        let now = challenge.opened_at;
        let change = AuditChange::ChallengeOpened {
            challenge_id: challenge.id,
            method: challenge.method,
            destination: challenge.destination.clone(),
        };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(challenge.user_id), &change);
        let quotas = self.limits.quotas(challenge.user_id, &chosen.fingerprints);
        match self.store.open_challenge(challenge, &quotas, &event).await? {
            OpenOutcome::Opened => Ok(()),
            OpenOutcome::NoUser => Err(SendCodeError::NoUser),
            OpenOutcome::NoDevice if is_named => Err(SendCodeError::NoDevice),
            OpenOutcome::NoDevice => Err(SendCodeError::NoDestination { method: challenge.method }),
            OpenOutcome::TooSoon { opened_at, resend_after } => {
                let left = Challenge::wait_left(opened_at, resend_after, now);
                Err(SendCodeError::TooSoon { retry_after: left.unwrap_or_default() })
            }
            OpenOutcome::OverQuota { scope, until } => {
                Err(SendCodeError::OverQuota { scope, retry_after: (until - now).max(Duration::ZERO) })
            }
        }
    }

    /// Writes down that a person was refused a code, once a minute at the most for each reason.
    async fn record_refusal(&self, refused: Refused, origin: &Origin) -> Result<(), StoreError> {
        let change = AuditChange::SendRefused { method: refused.method, reason: refused.reason };
        let event = AuditEvent::new(refused.at, &*self.entropy, origin, Some(refused.user_id), &change);
        self.store.record_refusal(&refused, refused.at - REFUSALS_APART, &event).await?;
        Ok(())
    }

    async fn deliver(&self, destination: &Destination<'_>, message: &Message) -> Result<Receipt, NotifyError> {
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
