use time::OffsetDateTime;

use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin, ProofLoss};
use crate::directory::{DirectoryRecord, DirectoryService, InsertOutcome, PersonKey, UpdateOutcome, UserUpdate};
use crate::user::{Phone, Role, Source, User};
use crate::verification::{Fingerprint, Masked, Method};
use crate::{StoreError, UserId};

/// What a directory record changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Whom it concerned.
    pub user_id: UserId,
    /// What changed.
    pub change: Change,
}

/// What changed about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// They are new.
    Added,
    /// These fields changed, by their API names; sign-in is as it was.
    Updated {
        /// Which.
        fields: Vec<&'static str>,
    },
    /// They may no longer sign in, and their sessions are ended.
    Deactivated {
        /// What else changed.
        fields: Vec<&'static str>,
    },
    /// They may sign in again.
    Reactivated {
        /// What else changed.
        fields: Vec<&'static str>,
    },
    /// The record says nothing new.
    Unchanged,
}

/// Why a record was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ApplyRecordError {
    /// Somebody else has that user name, or the user name belongs to a person with another external id or to an account
    /// that is not the directory's.
    #[error("the user name or external id belongs to another person")]
    Conflict,
    /// Others kept changing the person meanwhile; the caller may try again.
    #[error("the person changed too often meanwhile")]
    Contended,
    /// The store failed.
    #[error("could not record the directory's change")]
    Store(#[from] StoreError),
}

impl DirectoryService {
    /// How often a record is tried when others change the same person at the same time.
    const TRIES: usize = 8;

    /// Takes over what the directory says about a person. Saying the same again changes nothing.
    ///
    /// A changed destination loses its proof at once; a change of case or formatting only is no change of destination.
    /// Deactivation ends every session in the same transaction and deletes nothing.
    ///
    /// # Errors
    /// See [`ApplyRecordError`].
    pub async fn apply_record(
        &self,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Applied, ApplyRecordError> {
        let key = PersonKey { external_id: record.external_id.clone(), user_name: record.user_name.clone() };
        for _ in 0..Self::TRIES {
            let found = self.directory.find_user(&key).await?;
            let applied = match found {
                None => self.add(record, feed, origin).await?,
                Some(user) => self.change(user, record, feed, origin).await?,
            };
            if let Some(applied) = applied {
                return Ok(applied);
            }
        }
        Err(ApplyRecordError::Contended)
    }

    /// Adds a person and changes none who is there: `None` when the user name or the external id is taken.
    pub(crate) async fn add(
        &self,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Option<Applied>, StoreError> {
        let now = self.clock.now();
        let nobody = User {
            id: UserId::new(now, &*self.entropy),
            external_id: None,
            user_name: String::new(),
            display_name: String::new(),
            given_name: None,
            family_name: None,
            email: None,
            phone: None,
            email_fingerprint: None,
            phone_fingerprint: None,
            time_zone: None,
            locale: None,
            role: Role::User,
            active: true,
            source: Source::Scim,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let user = self.described(&nobody, record, now);
        let change = AuditChange::UserCreated { feed, user_name: Masked::login(&user.user_name) };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user.id), &change);
        Ok(match self.directory.insert_user(&user, &event).await? {
            InsertOutcome::Inserted => Some(Applied { user_id: user.id, change: Change::Added }),
            InsertOutcome::Taken => None,
        })
    }

    async fn change(
        &self,
        before: User,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Option<Applied>, ApplyRecordError> {
        let another_id = matches!((&before.external_id, &record.external_id), (Some(a), Some(b)) if a != b);
        if another_id || before.source == Source::Local {
            return Err(ApplyRecordError::Conflict);
        }
        let now = self.clock.now();
        let user = self.described(&before, record, now);
        let fields = changed_fields(&before, &user);
        if fields.is_empty() {
            return Ok(Some(Applied { user_id: before.id, change: Change::Unchanged }));
        }
        let update = UserUpdate {
            expected_version: before.version,
            lost_proofs: lost_proofs(&before, &user),
            end_sessions: before.active && !user.active,
            at: now,
            user,
        };
        let change = match (before.active, update.user.active) {
            (true, false) => Change::Deactivated { fields: besides_active(&fields) },
            (false, true) => Change::Reactivated { fields: besides_active(&fields) },
            _ => Change::Updated { fields: fields.clone() },
        };
        let events = self.events(&before, &update, fields, feed, origin);
        match self.directory.update_user(&update, &events).await? {
            UpdateOutcome::Updated => Ok(Some(Applied { user_id: before.id, change })),
            UpdateOutcome::Stale => Ok(None),
            UpdateOutcome::Taken => Err(ApplyRecordError::Conflict),
        }
    }

    fn events(
        &self,
        before: &User,
        update: &UserUpdate,
        fields: Vec<&'static str>,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Vec<AuditEvent> {
        let mut changes = vec![AuditChange::UserUpdated { feed, fields }];
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

    /// The person as the record describes them; role, id, source and history stay.
    fn described(&self, before: &User, record: &DirectoryRecord, now: OffsetDateTime) -> User {
        let email = record.email.as_ref();
        let phone = record.phone.as_ref().and_then(Phone::deliverable);
        User {
            id: before.id,
            // A record without an external id leaves a known one alone.
            external_id: record.external_id.clone().or_else(|| before.external_id.clone()),
            user_name: record.user_name.clone(),
            display_name: record.display_name.clone(),
            given_name: record.given_name.clone(),
            family_name: record.family_name.clone(),
            email: record.email.clone(),
            phone: record.phone.clone(),
            email_fingerprint: email.map(|a| self.fingerprinter.fingerprint(Method::Email, &a.normalized())),
            phone_fingerprint: phone.map(|n| self.fingerprinter.fingerprint(Method::Sms, n.as_str())),
            time_zone: record.time_zone.clone(),
            locale: record.locale.clone(),
            role: before.role,
            active: record.active.unwrap_or(before.active),
            source: before.source,
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
        ("email", before.email == after.email && before.email_fingerprint == after.email_fingerprint),
        ("phone", before.phone == after.phone && before.phone_fingerprint == after.phone_fingerprint),
        ("timeZone", before.time_zone == after.time_zone),
        ("locale", before.locale == after.locale),
        ("active", before.active == after.active),
    ];
    comparisons.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}

fn besides_active(fields: &[&'static str]) -> Vec<&'static str> {
    fields.iter().copied().filter(|field| *field != "active").collect()
}

/// The methods whose destination was one thing and is another now. Fingerprints are of normalized destinations, so a
/// change of case or formatting is none.
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
