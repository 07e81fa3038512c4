use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin};
use crate::directory::{DirectoryRecord, DirectoryService, InsertOutcome, KnownPeople, UpdateOutcome};
use crate::user::{Role, Source, User};
use crate::verification::Masked;
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
    /// Takes over what the directory says about a person. Saying the same again changes nothing.
    ///
    /// A changed destination loses its proof at once; a change of case or formatting only is no change of destination.
    /// Deactivation ends every session in the same transaction and deletes nothing. What the operator loads is held to
    /// no brake.
    ///
    /// # Errors
    /// See [`ApplyRecordError`].
    pub async fn apply_record(
        &self,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Applied, ApplyRecordError> {
        let key = record.key();
        for _ in 0..Self::TRIES {
            let known = self.directory.find_people(&key).await?;
            let applied = match known.target() {
                None => self
                    .add(record, feed, origin)
                    .await?
                    .map(|user| Applied { user_id: user.id, change: Change::Added }),
                Some(user) => self.change(user, &known, record, feed, origin).await?,
            };
            if let Some(applied) = applied {
                return Ok(applied);
            }
        }
        Err(ApplyRecordError::Contended)
    }

    /// Adds a person and changes none who is there: `None` when the user name or the external id is taken.
    pub(super) async fn add(
        &self,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Option<User>, StoreError> {
        let (user, event) = self.new_person(record, feed, origin);
        Ok(match self.directory.insert_user(&user, &event).await? {
            InsertOutcome::Inserted => Some(user),
            InsertOutcome::Taken => None,
        })
    }

    /// A person who is not on record yet, and the record that they are added.
    pub(crate) fn new_person(
        &self,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> (User, AuditEvent) {
        let now = self.clock.now();
        let nobody = User::nameless(UserId::new(now, &*self.entropy), Source::Scim, Role::User, now);
        let nobody = User { signed_in_first: feed == DirectoryFeed::SignIn, ..nobody };
        let user = self.described(&nobody, record, now);
        let change = AuditChange::UserCreated { feed, user_name: Masked::login(&user.user_name) };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user.id), &change);
        (user, event)
    }

    async fn change(
        &self,
        before: &User,
        known: &KnownPeople,
        record: &DirectoryRecord,
        feed: DirectoryFeed,
        origin: &Origin,
    ) -> Result<Option<Applied>, ApplyRecordError> {
        let another_id = matches!((&before.external_id, &record.external_id), (Some(a), Some(b)) if a != b);
        if another_id || before.source == Source::Local || known.is_taken_from(before.id) {
            return Err(ApplyRecordError::Conflict);
        }
        let user_id = before.id;
        let Some(mut planned) = self.plan(before, record, feed, origin) else {
            return Ok(Some(Applied { user_id, change: Change::Unchanged }));
        };
        self.merge(&mut planned, known.duplicates_of(user_id), feed, origin);
        let change = match (before.active, planned.update.user.active) {
            (true, false) => Change::Deactivated { fields: besides_active(&planned.fields) },
            (false, true) => Change::Reactivated { fields: besides_active(&planned.fields) },
            _ => Change::Updated { fields: planned.fields },
        };
        match self.directory.update_user(&planned.update, &planned.events).await? {
            UpdateOutcome::Updated => Ok(Some(Applied { user_id, change })),
            // Another has the name since: the next look tells whether it is to be had.
            UpdateOutcome::Stale | UpdateOutcome::Braked | UpdateOutcome::Taken => Ok(None),
        }
    }
}

fn besides_active(fields: &[&'static str]) -> Vec<&'static str> {
    fields.iter().copied().filter(|field| *field != "active").collect()
}
