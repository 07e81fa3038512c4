use time::OffsetDateTime;

use crate::device::{Device, PushLoss};
use crate::user::{Phone, ProfileFacts};
use crate::verification::{Challenge, ChallengeState, ChannelSet, Fingerprint, Masked, Method};

/// Which of a person's channels are proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationStatus {
    /// E-mail.
    pub email: ChannelStatus,
    /// Text messages.
    pub sms: ChannelStatus,
    /// Push: proven while at least one device is.
    pub push: ChannelStatus,
    /// Why push is not proven any more; `None` while it is, and when it never was.
    pub push_loss: Option<PushLoss>,
    /// How many devices are registered.
    pub device_count: usize,
    /// The channels that are on, and so have to be proven.
    pub required: ChannelSet,
    /// Whether the person is active. Proof alone puts nobody on call.
    pub active: bool,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStatus {
    /// Where messages go, masked; `None` when there is nowhere.
    pub destination: Option<Masked>,
    /// Since when that destination is proven; `None` while it is not.
    pub verified_at: Option<OffsetDateTime>,
    /// The code that is on its way, if one is.
    pub pending: Option<Pending>,
    /// Whether the directory gave a contact that no message can be sent to: no e-mail address, or no phone number that can
    /// be read without doubt. It has to be corrected there.
    pub malformed: bool,
}

/// A code that works now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// When it stops working.
    pub expires_at: OffsetDateTime,
    /// How many wrong codes it still bears.
    pub attempts_left: u8,
    /// When another may be sent.
    pub resend_after: OffsetDateTime,
}

impl VerificationStatus {
    /// Works out the status from everything on record, in an installation that has those channels on.
    #[must_use]
    pub fn derive(facts: &ProfileFacts, required: ChannelSet, now: OffsetDateTime) -> Self {
        let user = &facts.user;
        let proven_at = |method: Method, current: Option<Fingerprint>| {
            let current = current?;
            let proof = facts.proofs.iter().find(|p| p.method == method && p.fingerprint == current)?;
            Some(proof.verified_at)
        };
        let pending = |method: Method| {
            let challenge = facts.challenges.iter().find(|c| c.method == method)?;
            pending(challenge, now)
        };
        let push_verified_at = facts.devices.iter().filter_map(|d: &Device| d.verified_at).min();
        let newest = facts.devices.iter().max_by_key(|d| (d.verified_at.is_some(), d.last_seen_at));
        Self {
            email: ChannelStatus {
                destination: user.email.as_ref().map(Masked::email),
                verified_at: proven_at(Method::Email, user.email_fingerprint),
                pending: pending(Method::Email),
                malformed: user.given.email.is_some(),
            },
            sms: ChannelStatus {
                destination: user.phone.as_ref().map(|phone| Masked::phone(phone.as_str())),
                verified_at: proven_at(Method::Sms, user.phone_fingerprint),
                pending: pending(Method::Sms),
                malformed: matches!(user.phone, Some(Phone::Undeliverable(_))),
            },
            push: ChannelStatus {
                destination: newest.map(|device| Masked::device(device.platform)),
                verified_at: push_verified_at,
                pending: pending(Method::Push),
                malformed: false,
            },
            push_loss: facts.push_loss.filter(|_| push_verified_at.is_none()),
            device_count: facts.devices.len(),
            required,
            active: user.active,
        }
    }

    /// One channel's status.
    #[must_use]
    pub fn channel(&self, method: Method) -> &ChannelStatus {
        match method {
            Method::Email => &self.email,
            Method::Sms => &self.sms,
            Method::Push => &self.push,
        }
    }

    /// The channels that are on and not proven.
    #[must_use]
    pub fn missing(&self) -> Vec<Method> {
        self.required.missing(|method| self.channel(method).verified_at.is_some())
    }

    /// Whether every channel that is on is proven.
    #[must_use]
    pub fn all_verified(&self) -> bool {
        self.missing().is_empty()
    }

    /// The answer that Muster exists to give: true only for an active person whose e-mail, SMS and push are all proven,
    /// but for a channel that the installation has off.
    ///
    /// ```
    /// use muster_domain::verification::{ChannelSet, ChannelStatus, Masked, Method, VerificationStatus};
    /// use time::macros::datetime;
    ///
    /// let proven = |destination: &str| ChannelStatus {
    ///     destination: Some(Masked::login(destination)),
    ///     verified_at: Some(datetime!(2026-12-01 08:00 UTC)),
    ///     pending: None,
    ///     malformed: false,
    /// };
    /// let unproven = ChannelStatus { verified_at: None, ..proven("ada's phone") };
    /// let mut status = VerificationStatus {
    ///     email: proven("ada@example.com"),
    ///     sms: proven("+12025550100"),
    ///     push: unproven,
    ///     push_loss: None,
    ///     device_count: 1,
    ///     required: ChannelSet::ALL,
    ///     active: true,
    /// };
    /// assert_eq!(status.missing(), [Method::Push]);
    /// assert!(!status.can_be_on_call());
    ///
    /// // Push is off in this installation, so there is nothing left to prove.
    /// status.required = ChannelSet::of([Method::Email, Method::Sms]).unwrap();
    /// assert!(status.can_be_on_call());
    /// ```
    #[must_use]
    pub fn can_be_on_call(&self) -> bool {
        self.active && self.all_verified()
    }
}

fn pending(challenge: &Challenge, now: OffsetDateTime) -> Option<Pending> {
    match challenge.state(now) {
        ChallengeState::Live { attempts_left } => {
            Some(Pending { expires_at: challenge.expires_at, attempts_left, resend_after: challenge.resend_after })
        }
        ChallengeState::Exhausted | ChallengeState::Expired | ChallengeState::Closed => None,
    }
}
