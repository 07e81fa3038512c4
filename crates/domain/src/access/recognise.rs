//! Whom a token of the identity provider means (docs/adr/0027).

use crate::access::{
    AccessService, AdmitOutcome, BindOutcome, Binding, Candidate, Candidates, Grounds, Identity, IdentityKey,
};
use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin};
use crate::directory::{DirectoryRecord, Duplicate, RawRecord};
use crate::user::{Account, EmailAddress};
use crate::{StoreError, UserId};

/// Whom a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recognised {
    /// An active person.
    Person(Account),
    /// A person who is deactivated or removed.
    Deactivated,
    /// Nobody, or somebody whom the token cannot stand for.
    Unknown,
}

/// What the candidates come to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The subject is bound to this person.
    Bound(Candidate),
    /// The token means this person, and the subject is not bound to them yet.
    Unbound { person: Candidate, login: Option<usize>, instead_of: Option<Candidate> },
    /// Nobody on record.
    Nobody,
}

/// The external id is the directory's own word and decides. Then the subject that signed in before, whatever names the
/// token has now. Names decide only for a subject that is bound to no person, or to a person whom no directory knows. Of
/// people with these names, one whom the directory knows goes first.
fn verdict(found: &Candidates) -> Verdict {
    let mut names = found.by_user_name.iter().map(|(login, person)| (Some(*login), *person));
    let delivered = names.clone().find(|(_, person)| !person.awaits_directory);
    let decisive = match (found.by_external_id, found.bound) {
        (Some(person), _) => Some((None, person)),
        (None, Some(bound)) if bound.awaits_directory => delivered,
        (None, Some(_)) => None,
        (None, None) => delivered.or_else(|| names.next()),
    };
    match (decisive, found.bound) {
        (Some((_, person)), Some(bound)) if person.account.id == bound.account.id => Verdict::Bound(bound),
        (Some((login, person)), instead_of) => Verdict::Unbound { person, login, instead_of },
        (None, Some(bound)) => Verdict::Bound(bound),
        (None, None) => Verdict::Nobody,
    }
}

impl Candidates {
    /// The person whom the token means, active or not, before anything is written. A sign-in by a user name may still be
    /// refused, where another person had the name when the token was made.
    #[must_use]
    pub fn person(&self) -> Option<Account> {
        match verdict(self) {
            Verdict::Bound(person) | Verdict::Unbound { person, .. } => Some(person.account),
            Verdict::Nobody => None,
        }
    }
}

impl From<&Identity> for IdentityKey {
    fn from(identity: &Identity) -> Self {
        Self {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            logins: identity.logins.clone(),
            email: identity.email.as_ref().map(EmailAddress::normalized),
        }
    }
}

impl AccessService {
    /// How often a person is looked for when others change them at the same time.
    const TRIES: usize = 8;

    /// Whom a token means. A subject that is bound to a person costs one lookup; the first sign-in with it writes the
    /// binding.
    pub(super) async fn recognise(&self, identity: &Identity, origin: &Origin) -> Result<Recognised, StoreError> {
        let key = IdentityKey::from(identity);
        for _ in 0..Self::TRIES {
            let recognised = match verdict(&self.people.candidates(&key).await?) {
                Verdict::Bound(person) => Some(Recognised::of(person.account)),
                Verdict::Unbound { person, .. } if !person.account.active => Some(Recognised::Deactivated),
                Verdict::Unbound { person, login, instead_of } => {
                    self.bind(identity, person, login, instead_of, origin).await?
                }
                Verdict::Nobody => self.admit(identity, &key, origin).await?,
            };
            if let Some(recognised) = recognised {
                return Ok(recognised);
            }
        }
        Err(StoreError::Unavailable("the person changed too often meanwhile".into()))
    }

    /// Notes that the subject stands for the person; `None` when something changed meanwhile.
    async fn bind(
        &self,
        identity: &Identity,
        person: Candidate,
        login: Option<usize>,
        instead_of: Option<Candidate>,
        origin: &Origin,
    ) -> Result<Option<Recognised>, StoreError> {
        let (now, id) = (self.clock.now(), person.account.id);
        let grounds = match login.and_then(|index| identity.logins.get(index)) {
            Some(name) => Grounds::UserName { name: name.clone(), issued_at: identity.issued_at },
            None => Grounds::ExternalId,
        };
        let duplicate = instead_of.filter(|bound| bound.awaits_directory);
        let duplicate = duplicate.map(|bound| Duplicate { id: bound.account.id, expected_version: bound.version });
        let mut changes = vec![(id, bound(identity, grounds.as_str()))];
        if let Some(duplicate) = duplicate {
            changes.push((duplicate.id, AuditChange::UserMerged { feed: DirectoryFeed::SignIn, into: id }));
        }
        let event = |(subject, change): &(UserId, AuditChange)| {
            AuditEvent::new(now, &*self.entropy, origin, Some(*subject), change)
        };
        let events: Vec<AuditEvent> = changes.iter().map(event).collect();
        let binding = Binding {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            user_id: id,
            grounds,
            instead_of: instead_of.map(|bound| bound.account.id),
            duplicate,
            at: now,
        };
        Ok(match self.people.bind(&binding, &events).await? {
            BindOutcome::Bound => Some(Recognised::Person(person.account)),
            BindOutcome::Outdated => Some(Recognised::Unknown),
            BindOutcome::Stale => None,
        })
    }

    /// Adds a person whom the identity provider knows and no directory has ever known, where that is wanted; `None` when
    /// somebody was faster.
    async fn admit(
        &self,
        identity: &Identity,
        key: &IdentityKey,
        origin: &Origin,
    ) -> Result<Option<Recognised>, StoreError> {
        let (Some(newcomers), Some(record)) = (&self.newcomers, newcomer(identity)) else {
            return Ok(Some(Recognised::Unknown));
        };
        let (person, created) = newcomers.new_person(&record, DirectoryFeed::SignIn, origin);
        let event = AuditEvent::new(created.at, &*self.entropy, origin, Some(person.id), &bound(identity, "created"));
        Ok(match self.people.admit(&person, key, &[created, event]).await? {
            AdmitOutcome::Admitted => Some(Recognised::Person(person.account())),
            AdmitOutcome::Known => None,
            AdmitOutcome::Refused => Some(Recognised::Unknown),
        })
    }
}

impl Recognised {
    fn of(account: Account) -> Self {
        if account.active { Self::Person(account) } else { Self::Deactivated }
    }
}

fn bound(identity: &Identity, by: &'static str) -> AuditChange {
    AuditChange::IdentityBound { issuer: identity.issuer.clone(), by }
}

/// A person as the identity provider describes them. No external id: that is the directory's to give, and it may be
/// another than the provider's subject.
fn newcomer(identity: &Identity) -> Option<DirectoryRecord> {
    let raw = RawRecord {
        user_name: Some(identity.logins.first()?.clone()),
        display_name: identity.display_name.clone(),
        email: identity.email.as_ref().map(|email| email.as_str().to_owned()),
        ..RawRecord::default()
    };
    DirectoryRecord::parse(raw, None).ok()
}
