//! Whom a directory record means (docs/adr/0027).

use crate::UserId;
use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin};
use crate::directory::change::Planned;
use crate::directory::{DirectoryService, Duplicate, KnownPeople};
use crate::user::User;

impl KnownPeople {
    /// The person whom the record means: by external id, else by user name, else somebody who signed in first and whom
    /// no directory delivered yet, by what their token said. `None` when the record's person is new.
    #[must_use]
    pub fn target(&self) -> Option<&User> {
        let known = [&self.by_external_id, &self.by_user_name, &self.by_subject, &self.by_login, &self.by_email];
        known.into_iter().flatten().next()
    }

    /// The people whom no directory delivered and who turn out to be the person of that id: they have the record's user
    /// name or signed in with it, or their subject is the record's external id. A common e-mail address alone does not
    /// make two people one.
    pub(super) fn duplicates_of(&self, id: UserId) -> Vec<Duplicate> {
        let mut duplicates: Vec<Duplicate> = Vec::new();
        for user in [&self.by_user_name, &self.by_subject, &self.by_login].into_iter().flatten() {
            let is_listed = duplicates.iter().any(|duplicate| duplicate.id == user.id);
            if user.id != id && user.awaits_directory() && !is_listed {
                duplicates.push(Duplicate { id: user.id, expected_version: user.version });
            }
        }
        duplicates
    }

    /// Whether a person whom the directory does know has the user name or the external id.
    pub(super) fn is_taken_from(&self, id: UserId) -> bool {
        let holders = [&self.by_external_id, &self.by_user_name].into_iter().flatten();
        holders.into_iter().any(|user| user.id != id && !user.awaits_directory())
    }
}

impl DirectoryService {
    /// Adds to a planned change that these people are one with its person.
    pub(super) fn merge(
        &self,
        planned: &mut Planned,
        duplicates: Vec<Duplicate>,
        feed: DirectoryFeed,
        origin: &Origin,
    ) {
        let (into, at) = (planned.update.user.id, planned.update.at);
        let merged = |duplicate: &Duplicate| {
            let change = AuditChange::UserMerged { feed, into };
            AuditEvent::new(at, &*self.entropy, origin, Some(duplicate.id), &change)
        };
        planned.events.extend(duplicates.iter().map(merged));
        planned.update.duplicates = duplicates;
    }
}
