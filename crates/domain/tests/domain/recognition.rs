//! How a person is recognised over time, by sign-in and by directory (docs/adr/0027): whole histories, each with and
//! without `MUSTER_OIDC_CREATE_USERS`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_domain::UserId;
use muster_domain::access::{
    AccessService, AuthenticateError, Holder, Identity, IdentityError, IdentityTokens, TokenRefusal,
};
use muster_domain::audit::DirectoryFeed;
use muster_domain::directory::{
    ApplyRecordError, BrakePolicy, ChangeError, DirectoryRecord, DirectoryService, RawRecord,
};
use muster_domain::user::EmailAddress;
use muster_testkit::FakeHasher;
use time::{Duration, OffsetDateTime};

use crate::house::{House, record};

mod histories;

use self::histories::Step::{Delete, Import, Post, PostTaken, Rename, RenameTaken, Shown, Token};
use self::histories::{DELETED, HISTORIES, P, RALF, Step};

#[tokio::test]
async fn a_person_stays_who_they_are_through_every_history() {
    for (name, history) in HISTORIES {
        for newcomers in [true, false] {
            let mut world = World::new(newcomers);
            for (number, step) in history.iter().enumerate() {
                world.house.clock.advance(Duration::MINUTE);
                world.take(*step, &format!("{name}: step {number}, {step:?}, newcomers: {newcomers}")).await;
            }
        }
    }
}

/// A provider whose tokens are their names.
#[derive(Default)]
struct Provider(Mutex<HashMap<String, Identity>>);

#[async_trait]
impl IdentityTokens for Provider {
    async fn verify(&self, token: &str, _: OffsetDateTime) -> Result<Identity, IdentityError> {
        self.0.lock().unwrap().get(token).cloned().ok_or(IdentityError::Refused(TokenRefusal::Malformed))
    }
}

struct World {
    house: House,
    access: AccessService,
    provider: Arc<Provider>,
    people: HashMap<&'static str, UserId>,
}

impl World {
    fn new(newcomers: bool) -> Self {
        let house = House::new();
        let provider = Arc::new(Provider::default());
        let store = Arc::new(house.store.clone());
        let directory = DirectoryService {
            directory: store.clone(),
            reader: store.clone(),
            fingerprinter: Arc::new(FakeHasher::default()),
            brake: BrakePolicy::default(),
            clock: house.clock.clone(),
            entropy: house.make.entropy.clone(),
        };
        let access = AccessService {
            users: store.clone(),
            access_tokens: house.access_tokens.clone(),
            identities: Some(provider.clone()),
            people: store,
            keys: house.api_keys(),
            newcomers: newcomers.then_some(directory),
            clock: house.clock.clone(),
            entropy: house.make.entropy.clone(),
        };
        Self { house, access, provider, people: HashMap::new() }
    }

    /// Fails unless a person is the one of that label; gives somebody who is new the label.
    fn assert_is(&mut self, label: &'static str, id: UserId, context: &str) {
        let is_another = self.people.iter().any(|(other, known)| *other != label && *known == id);
        assert!(!is_another, "{context}: it is another person");
        assert_eq!(*self.people.entry(label).or_insert(id), id, "{context}: it is another person");
    }

    async fn amend(&self, label: &str, user_name: &str, active: bool) -> Result<(), ChangeError> {
        let id = self.people[label];
        let user = self.house.profile(id).await.user;
        let raw = RawRecord {
            user_name: Some(user_name.to_owned()),
            email: user.email.map(|email| email.as_str().to_owned()),
            active: Some(active),
            ..RawRecord::default()
        };
        let record = record(raw);
        let amended = self
            .house
            .directory
            .amend_user(id, None, "Entra", &self.house.origin, |_| Ok::<_, ChangeError>(record.clone()));
        amended.await.map(drop)
    }

    async fn take(&mut self, step: Step, context: &str) {
        let origin = self.house.origin.clone();
        match step {
            Token(token, subject, names) => {
                let identity = Identity {
                    issuer: "https://login.example".to_owned(),
                    subject: subject.to_owned(),
                    logins: names.iter().map(|name| (*name).to_owned()).collect(),
                    email: EmailAddress::parse(names[0]).ok(),
                    display_name: None,
                    issued_at: Some(self.house.now()),
                };
                self.provider.0.lock().unwrap().insert(token.to_owned(), identity);
            }
            Shown(token, on, off) => {
                let expected = if self.access.newcomers.is_some() { on } else { off };
                match (self.access.identify(token, &origin).await, expected) {
                    (Ok(Holder::Person(account)), Some(label)) => self.assert_is(label, account.id, context),
                    (Err(AuthenticateError::TokenRefused(_)), None) => {}
                    (outcome, _) => panic!("{context}: {outcome:?}"),
                }
            }
            Post(label, external_id, user_name, email) => {
                let record = described(external_id, user_name, email, true);
                let user = self.house.directory.create_user(&record, "Entra", &origin).await;
                self.assert_is(label, user.unwrap_or_else(|error| panic!("{context}: {error}")).id, context);
            }
            PostTaken(external_id, user_name, email) => {
                let record = described(external_id, user_name, email, true);
                let outcome = self.house.directory.create_user(&record, "Entra", &origin).await;
                assert!(matches!(outcome, Err(ChangeError::Taken)), "{context}: {outcome:?}");
            }
            Rename(label, user_name, active) => {
                let outcome = self.amend(label, user_name, active).await;
                assert!(outcome.is_ok(), "{context}: {outcome:?}");
            }
            RenameTaken(label, user_name, active) => {
                let outcome = self.amend(label, user_name, active).await;
                assert!(matches!(outcome, Err(ChangeError::Taken)), "{context}: {outcome:?}");
            }
            Delete(label) => {
                self.house.directory.remove_user(self.people[label], None, "Entra", &origin).await.unwrap();
            }
            Import(label, external_id, user_name, email, active) => {
                let record = described(external_id, user_name, email, active);
                let applied = self.house.directory.apply_record(&record, DirectoryFeed::Import, &origin).await;
                let applied = applied.unwrap_or_else(|error: ApplyRecordError| panic!("{context}: {error}"));
                self.assert_is(label, applied.user_id, context);
            }
        }
    }
}

fn described(external_id: &str, user_name: &str, email: &str, active: bool) -> DirectoryRecord {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let active = Some(active);
    record(RawRecord {
        external_id: some(external_id),
        user_name: some(user_name),
        email: some(email),
        active,
        ..RawRecord::default()
    })
}

#[tokio::test]
async fn a_merged_person_is_recorded_and_keeps_no_session() {
    let mut world = World::new(true);
    for step in [
        Post("P", "object-1", DELETED, ""),
        Rename("P", DELETED, false),
        Token("t", "pairwise-1", &[RALF]),
        Shown("t", Some("D"), None),
    ] {
        world.take(step, "setting up").await;
    }
    let (person, twin) = (world.people["P"], world.people["D"]);
    world.house.sessions.issue(twin, None, None, None, &world.house.origin).await.unwrap();
    let mark = world.house.mark();
    world.take(Rename("P", RALF, true), "restored").await;
    assert_eq!(world.house.actions_since(mark), ["scim.user.updated", "scim.user.reactivated", "scim.user.merged"],);
    let merged = world.house.last_event();
    assert_eq!((merged.subject, merged.details), (Some(twin), serde_json::json!({ "into": person })));
    let left = world.house.profile(twin).await.user;
    assert!(!left.active, "a merged person is active");
    let sessions =
        muster_domain::session::SessionStore::list(&world.house.store, twin, world.house.now()).await.unwrap();
    assert_eq!(sessions, [], "a merged person has a session");
    // The token is older than the day on which the name changed hands.
    world.take(Shown("t", None, None), "an old token").await;
}

#[tokio::test]
async fn a_bound_subject_costs_one_lookup_and_no_write() {
    let mut world = World::new(true);
    world.take(Post("P", "object-1", RALF, ""), "delivered").await;
    world.take(Token("t", "pairwise-1", &[RALF]), "signed in").await;
    let mark = world.house.mark();
    for _ in 0..3 {
        world.take(Shown("t", P, P), "shown").await;
    }
    assert_eq!(world.house.actions_since(mark), ["identity.bound"]);
    let bound = world.house.last_event();
    assert_eq!(bound.details, serde_json::json!({ "issuer": "https://login.example", "by": "userName" }));
}

#[tokio::test]
async fn a_delivery_that_changes_nothing_else_is_recorded_once() {
    let mut world = World::new(true);
    world.take(Token("t", "pairwise-1", &[RALF]), "signed in").await;
    world.take(Shown("t", P, P), "shown").await;
    let mark = world.house.mark();
    world.take(Import("P", "", RALF, RALF, true), "delivered").await;
    world.take(Import("P", "", RALF, RALF, true), "delivered again").await;
    assert_eq!(world.house.actions_since(mark), ["import.user.delivered"]);
}
