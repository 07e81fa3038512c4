//! A small service that proves e-mail addresses with a store and a sender of its own:
//! `cargo run -p muster-testkit --example embed_verification`.
//!
//! It has just the adapters that `VerificationService` asks for. Hashes, time and randomness are the testkit's here; in
//! earnest they are `muster-crypto`'s, or your own.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::audit::{AuditEvent, Origin};
use muster_domain::device::{
    Device, DeviceRemoval, DeviceStore, Platform, PushToken, RegisterOutcome, RegistrationEvents,
};
use muster_domain::user::{E164, EmailAddress, ProfileFacts, ProfileReader, User};
use muster_domain::verification::{
    Challenge, ChallengeState, ChannelSet, Closure, Code, Delivery, EmailSender, Fingerprint, Message, Method,
    NotifyError, OpenOutcome, Proof, PushSender, Quota, QuotaScope, QuotaWindow, Receipt, RefusalReason, Refused,
    SendLimits, SmsSender, VerificationService, VerificationStore, VerifyCodeError,
};
use muster_domain::{ChallengeId, SessionId, StoreError, UserId};
use muster_testkit::{Builders, FakeHasher, FixedClock, SeededEntropy};
use time::OffsetDateTime;

/// The service's own store: people by their id, a challenge and a proof for each of them, and the audit trail. One lock
/// is one transaction; with a database it is one, and the conditions are in the `WHERE` of its statements.
#[derive(Default)]
struct PeopleBook(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    people: HashMap<UserId, User>,
    challenges: HashMap<(UserId, Method), Challenge>,
    proofs: HashMap<(UserId, Method), Proof>,
    counts: HashMap<(QuotaScope, QuotaWindow), (OffsetDateTime, u32)>,
    refusals: HashMap<(UserId, Method, RefusalReason), OffsetDateTime>,
    trail: Vec<AuditEvent>,
}

impl PeopleBook {
    fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// The challenge with that id while its code still works.
    fn live(&mut self, id: ChallengeId, at: OffsetDateTime) -> Option<&mut Challenge> {
        let is_live = |challenge: &&mut Challenge| matches!(challenge.state(at), ChallengeState::Live { .. });
        self.challenges.values_mut().find(|challenge| challenge.id == id).filter(is_live)
    }

    /// When the window of a quota began that runs at that time, and how many codes it has seen.
    fn count(&self, quota: &Quota, at: OffsetDateTime) -> (OffsetDateTime, u32) {
        let last = self.counts.get(&(quota.scope, quota.window)).copied();
        last.filter(|(began_at, _)| at < *began_at + quota.window.length()).unwrap_or((at, 0))
    }
}

#[async_trait]
impl ProfileReader for PeopleBook {
    async fn profile(&self, id: UserId) -> Result<Option<ProfileFacts>, StoreError> {
        let pages = self.open();
        Ok(pages.people.get(&id).map(|user| ProfileFacts {
            user: user.clone(),
            teams: vec![],
            proofs: pages
                .proofs
                .iter()
                .filter(|((owner, _), _)| *owner == id)
                .map(|(_, proof)| proof.clone())
                .collect(),
            devices: vec![],
            challenges: pages.challenges.values().filter(|challenge| challenge.user_id == id).cloned().collect(),
            push_loss: None,
            preferences: None,
        }))
    }
}

#[async_trait]
impl VerificationStore for PeopleBook {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let mut pages = self.open();
        let key = (challenge.user_id, challenge.method);
        if let Some(before) = pages.challenges.get(&key).filter(|before| before.resend_after > challenge.opened_at) {
            return Ok(OpenOutcome::TooSoon { opened_at: before.opened_at, resend_after: before.resend_after });
        }
        let counts: Vec<_> = quotas.iter().map(|quota| (quota, pages.count(quota, challenge.opened_at))).collect();
        if let Some((quota, (began_at, _))) = counts.iter().find(|(quota, (_, used))| *used >= quota.max) {
            return Ok(OpenOutcome::OverQuota { scope: quota.scope, until: *began_at + quota.window.length() });
        }
        for (quota, (began_at, used)) in counts {
            pages.counts.insert((quota.scope, quota.window), (began_at, used + 1));
        }
        pages.challenges.insert(key, challenge.clone());
        pages.trail.push(event.clone());
        Ok(OpenOutcome::Opened)
    }

    async fn record_refusal(
        &self,
        refused: &Refused,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut pages = self.open();
        let key = (refused.user_id, refused.method, refused.reason);
        if pages.refusals.get(&key).is_some_and(|last| *last > cutoff) {
            return Ok(false);
        }
        pages.refusals.insert(key, refused.at);
        pages.trail.push(event.clone());
        Ok(true)
    }

    async fn record_delivery(&self, _: ChallengeId, _: &Delivery, event: &AuditEvent) -> Result<(), StoreError> {
        // The record says what came of it; nothing else here asks.
        self.open().trail.push(event.clone());
        Ok(())
    }

    async fn find_challenge(&self, user_id: UserId, method: Method) -> Result<Option<Challenge>, StoreError> {
        Ok(self.open().challenges.get(&(user_id, method)).cloned())
    }

    async fn spend_attempt(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<Option<u8>, StoreError> {
        let mut pages = self.open();
        let Some(challenge) = pages.live(id, at) else {
            return Ok(None);
        };
        challenge.failed_attempts += 1;
        let failed = challenge.failed_attempts;
        pages.trail.push(event.clone());
        Ok(Some(failed))
    }

    async fn complete_challenge(
        &self,
        id: ChallengeId,
        destination: &Fingerprint,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut pages = self.open();
        let Some(challenge) = pages.live(id, at).cloned() else {
            return Ok(false);
        };
        let Challenge { user_id, method, .. } = challenge;
        let fingerprint = *destination;
        // Only e-mail is offered here. The address may have changed since the code went out.
        if pages.people.get(&user_id).and_then(|user| user.email_fingerprint) != Some(fingerprint) {
            return Ok(false);
        }
        let closed = Challenge { closure: Some(Closure::Completed { at }), ..challenge };
        pages.challenges.insert((user_id, method), closed);
        pages.proofs.insert((user_id, method), Proof { method, fingerprint, verified_at: at });
        pages.trail.push(event.clone());
        Ok(true)
    }
}

/// Nobody has a device here, so that push is asked of nobody.
#[async_trait]
impl DeviceStore for PeopleBook {
    async fn register(
        &self,
        _: &Device,
        _: u32,
        _: Option<SessionId>,
        _: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        Ok(RegisterOutcome::LimitReached)
    }

    async fn list(&self, _: UserId) -> Result<Vec<Device>, StoreError> {
        Ok(vec![])
    }

    async fn remove(&self, _: &DeviceRemoval, _: &AuditEvent) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// The service's own sender: letters that somebody carries. It has no phone.
#[derive(Default)]
struct Postbox(Mutex<Vec<(EmailAddress, Code)>>);

impl Postbox {
    fn letters(&self) -> MutexGuard<'_, Vec<(EmailAddress, Code)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EmailSender for Postbox {
    async fn send_email(&self, to: &EmailAddress, message: &Message) -> Result<Receipt, NotifyError> {
        let Message::Code(message) = message else {
            return Err(NotifyError::Rejected("only codes are posted".into()));
        };
        self.letters().push((to.clone(), message.code.clone()));
        Ok(Receipt::default())
    }
}

#[async_trait]
impl SmsSender for Postbox {
    async fn send_sms(&self, _: &E164, _: &Message) -> Result<Receipt, NotifyError> {
        Err(NotifyError::Rejected("only letters are carried".into()))
    }
}

#[async_trait]
impl PushSender for Postbox {
    async fn send_push(&self, _: Platform, _: &PushToken, _: &Message) -> Result<Receipt, NotifyError> {
        Err(NotifyError::Rejected("only letters are carried".into()))
    }
}

/// Sends Ada a code, says a wrong one and then the right one, and tells what was on record after each step.
async fn prove_ada() -> Result<Vec<String>, Box<dyn Error>> {
    let make = Builders::default();
    let ada = make.user("ada").build();
    let id = ada.id;
    let (book, postbox) = (Arc::new(PeopleBook::default()), Arc::new(Postbox::default()));
    book.open().people.insert(id, ada);
    let service = VerificationService {
        profiles: book.clone(),
        store: book.clone(),
        devices: book.clone(),
        fingerprinter: Arc::new(FakeHasher::default()),
        hasher: Arc::new(FakeHasher::default()),
        email: postbox.clone(),
        sms: postbox.clone(),
        push: postbox.clone(),
        channels: ChannelSet::of([Method::Email]).ok_or("no channel is on")?,
        limits: SendLimits::default(),
        clock: Arc::new(FixedClock::new()),
        entropy: Arc::new(SeededEntropy::new(7)),
    };
    let origin = Origin::system("embed_verification");
    let mut told = Vec::new();

    let sent = service.send_code(id, Method::Email, None, &origin).await?;
    told.push(format!("a code went to {}: {:?}", sent.destination, sent.delivery));

    let (_, code) = postbox.letters().last().cloned().ok_or("no letter was posted")?;
    let wrong = Code::parse(if code.expose() == "000000" { "111111" } else { "000000" })?;
    match service.verify_code(id, Method::Email, &wrong, &origin).await {
        Err(VerifyCodeError::InvalidOrExpired { attempts_left: Some(left) }) => {
            told.push(format!("a wrong code proves nothing; {left} more may be tried"));
        }
        other => return Err(format!("a wrong code was not refused: {other:?}").into()),
    }

    let proven = service.verify_code(id, Method::Email, &code, &origin).await?;
    let answer = proven.status.can_be_on_call();
    told.push(format!("the right code proves {}; can be on call: {answer}", proven.method));
    told.extend(book.open().trail.iter().map(|event| format!("on record: {}", event.action)));
    Ok(told)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example shows what it did")]
async fn main() -> Result<(), Box<dyn Error>> {
    for line in prove_ada().await? {
        println!("{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_example_sends_a_code_and_proves_a_contact() {
        assert_eq!(
            super::prove_ada().await.unwrap(),
            [
                "a code went to ad***@example.com: Accepted { provider_message_id: None }",
                "a wrong code proves nothing; 4 more may be tried",
                "the right code proves email; can be on call: true",
                "on record: contact.verification.opened",
                "on record: contact.verification.sent",
                "on record: contact.verification.failed",
                "on record: contact.verification.completed",
            ]
        );
    }
}
