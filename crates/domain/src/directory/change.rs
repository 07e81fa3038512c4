use time::OffsetDateTime;

use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin, ProofLoss};
use crate::directory::{DirectoryRecord, DirectoryService, UserUpdate};
use crate::notice::{Notice, NoticeContent};
use crate::user::{EmailAddress, Phone, User};
use crate::verification::{Fingerprint, Masked, Method};
use crate::{NoticeId, StoreError};

/// Why the directory's change was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The directory delivered no such person or group.
    #[error("the directory delivered no such resource")]
    NotFound,
    /// It is not at the version that the client expects.
    #[error("the resource is not at the version that the client expects")]
    PreconditionFailed,
    /// Another has that name or external id.
    #[error("another resource has that name or external id")]
    Taken,
    /// Too many people were deactivated by this client within an hour; an admin must look and release the brake.
    #[error("too many people were deactivated; an admin must release the brake")]
    Braked,
    /// Others kept changing it meanwhile; the caller may try again.
    #[error("the resource changed too often meanwhile")]
    Contended,
    /// The store failed.
    #[error("could not record the directory's change")]
    Store(#[from] StoreError),
}

/// A change that was worked out and is not written yet.
pub(super) struct Planned {
    pub(super) update: UserUpdate,
    /// By their API names.
    pub(super) fields: Vec<&'static str>,
    pub(super) events: Vec<AuditEvent>,
}

impl DirectoryService {
    /// How often a change is tried when others change the same thing at the same time. Each try that fails means that
    /// another's change was written. Of eight clients that never rest, each try of each is the one that is written with a
    /// probability of one in eight; with 64 tries, one change in 5,000 is refused.
    pub(super) const TRIES: usize = 64;

    /// What it takes to make of somebody what the record says; `None` when they are that already. A person who was added
    /// by a sign-in is delivered with it, also when nothing else changes.
    pub(super) fn plan(
        &self,
        before: &User,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Option<Planned> {
        let now = self.clock.now();
        let user = self.described(before, record, now);
        let fields = changed_fields(before, &user);
        if fields.is_empty() && !before.awaits_directory() {
            return None;
        }
        let lost_proofs = lost_proofs(before, &user);
        let update = UserUpdate {
            expected_version: before.version,
            deactivates: before.active && !user.active,
            brake: None,
            notices: if user.active { self.notices(&user, &lost_proofs, now) } else { Vec::new() },
            lost_proofs,
            duplicates: Vec::new(),
            at: now,
            user,
        };
        let events = self.events(before, &update, fields.clone(), feed, origin);
        Some(Planned { update, fields, events })
    }

    fn events(
        &self,
        before: &User,
        update: &UserUpdate,
        fields: Vec<&'static str>,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Vec<AuditEvent> {
        let mut changes = Vec::new();
        if before.awaits_directory() {
            changes.push(AuditChange::UserDelivered { feed });
        }
        if !fields.is_empty() {
            changes.push(AuditChange::UserUpdated { feed, fields });
        }
        match (before.active, update.user.active) {
            (true, false) => changes.push(AuditChange::UserDeactivated { feed }),
            (false, true) => changes.push(AuditChange::UserReactivated { feed }),
            _ => {}
        }
        for method in &update.lost_proofs {
            changes.push(AuditChange::ProofLost { method: *method, reason: ProofLoss::DestinationChanged });
        }
        let subject = Some(update.user.id);
        let event = |change| AuditEvent::new(update.at, &*self.entropy, origin, subject, change);
        changes.iter().map(event).collect()
    }

    /// Tells somebody whose destinations changed, over every channel whose destination did not. Which of them are proven
    /// is looked at when a notice is sent.
    fn notices(&self, user: &User, changed: &[Method], now: OffsetDateTime) -> Vec<Notice> {
        let unchanged = || Method::ALL.into_iter().filter(|channel| !changed.contains(channel));
        let about = |method: &Method| {
            let destination = match method {
                Method::Email => user.email.as_ref().map(Masked::email),
                Method::Sms => user.phone.as_ref().map(|phone| Masked::phone(phone.as_str())),
                Method::Push => None,
            };
            NoticeContent::ContactChanged { method: *method, destination }
        };
        let notice = |content: NoticeContent| {
            unchanged().map(move |channel| Notice {
                id: NoticeId::new(now, &*self.entropy),
                user_id: user.id,
                channel,
                content: content.clone(),
                created_at: now,
                attempts: 0,
            })
        };
        changed.iter().map(about).flat_map(notice).collect()
    }

    /// The person as the record describes them; role, id, source and history stay.
    pub(super) fn described(&self, before: &User, record: &DirectoryRecord, now: OffsetDateTime) -> User {
        let email = record.email.as_ref();
        let phone = record.phone.as_ref().and_then(Phone::deliverable);
        // What is the same destination keeps its fingerprint, whatever key that was made with: the proof's is the same.
        let fingerprint = |method, destination: &str, known: Option<String>, fingerprint: Option<Fingerprint>| {
            let kept = fingerprint.filter(|_| known.as_deref() == Some(destination));
            kept.unwrap_or_else(|| self.fingerprinter.fingerprint(method, destination))
        };
        let known_email = before.email.as_ref().map(EmailAddress::normalized);
        let known_phone = before.phone.as_ref().and_then(Phone::deliverable).map(|number| number.as_str().to_owned());
        let known = || before.external_id.clone().filter(|_| !record.drops_external_id);
        User {
            id: before.id,
            external_id: record.external_id.clone().or_else(known),
            user_name: record.user_name.clone(),
            display_name: record.display_name.clone(),
            given_name: record.given_name.clone(),
            family_name: record.family_name.clone(),
            email: record.email.clone(),
            phone: record.phone.clone(),
            given: record.given.clone(),
            email_fingerprint: email
                .map(|a| fingerprint(Method::Email, &a.normalized(), known_email, before.email_fingerprint)),
            phone_fingerprint: phone
                .map(|n| fingerprint(Method::Sms, n.as_str(), known_phone, before.phone_fingerprint)),
            time_zone: record.time_zone.clone(),
            locale: record.locale.clone(),
            role: before.role,
            active: record.active.unwrap_or(before.active),
            source: before.source,
            signed_in_first: before.signed_in_first,
            version: before.version + 1,
            created_at: before.created_at,
            updated_at: now,
        }
    }
}

fn changed_fields(before: &User, after: &User) -> Vec<&'static str> {
    let comparisons = [
        ("externalId", before.external_id == after.external_id),
        ("userName", before.user_name == after.user_name),
        ("displayName", before.display_name == after.display_name),
        ("givenName", before.given_name == after.given_name),
        ("familyName", before.family_name == after.family_name),
        (
            "email",
            before.email == after.email
                && before.email_fingerprint == after.email_fingerprint
                && before.given.email == after.given.email,
        ),
        (
            "phone",
            before.phone == after.phone
                && before.phone_fingerprint == after.phone_fingerprint
                && before.given.phone == after.given.phone,
        ),
        ("timeZone", before.time_zone == after.time_zone),
        ("locale", before.locale == after.locale),
        ("active", before.active == after.active),
    ];
    comparisons.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}

/// The methods whose destination was one thing and is another now. Destinations that are the same once they are normalized
/// keep their fingerprint (see [`DirectoryService::described`]), so a change of case or formatting is none.
fn lost_proofs(before: &User, after: &User) -> Vec<Method> {
    let changed = |old: Option<Fingerprint>, new: Option<Fingerprint>| old.is_some() && old != new;
    let mut lost = Vec::new();
    if changed(before.email_fingerprint, after.email_fingerprint) {
        lost.push(Method::Email);
    }
    if changed(before.phone_fingerprint, after.phone_fingerprint) {
        lost.push(Method::Sms);
    }
    lost
}
