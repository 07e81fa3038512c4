use muster_domain::access::{AdmitOutcome, BindOutcome, Binding, Candidates, Grounds, IdentityKey};
use muster_domain::user::{EmailAddress, User};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::directory_world::{ISSUER, identity};

impl World {
    /// A binding of a subject to a person by their user name, with a token of now.
    pub(super) fn binding(&self, subject: &str, user: &User) -> Binding {
        let at = self.make.now();
        Binding {
            issuer: ISSUER.to_owned(),
            subject: subject.to_owned(),
            user_id: user.id,
            grounds: Grounds::UserName { name: user.user_name.clone(), issued_at: Some(at) },
            instead_of: None,
            duplicate: None,
            at,
        }
    }

    pub(super) async fn try_bind(&self, binding: &Binding) -> BindOutcome {
        let event = self.make.event("test.bound", Some(binding.user_id));
        self.stores.identities.bind(binding, &[event]).await.unwrap()
    }

    pub(super) async fn bind(&self, subject: &str, user: &User) {
        assert_eq!(self.try_bind(&self.binding(subject, user)).await, BindOutcome::Bound);
    }

    pub(super) async fn try_admit(&self, person: &User, key: &IdentityKey) -> AdmitOutcome {
        let event = self.make.event("test.admitted", Some(person.id));
        self.stores.identities.admit(person, key, &[event]).await.unwrap()
    }

    /// A person who signs in with these names before the directory delivers them.
    pub(super) fn newcomer(&self, user_name: &str) -> User {
        User { signed_in_first: true, ..self.make.user(user_name).email(None).build() }
    }

    pub(super) async fn admit(&self, subject: &str, logins: &[&str]) -> User {
        let person = self.newcomer(logins[0]);
        assert_eq!(self.try_admit(&person, &identity(subject, logins)).await, AdmitOutcome::Admitted);
        person
    }

    async fn bound_to(&self, subject: &str) -> Option<User> {
        let bound = self.candidates(subject, &[]).await.bound?;
        Some(self.profile(bound.account.id).await.user)
    }
}

pub async fn a_subject_that_is_bound_finds_its_person_for_its_issuer_alone(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.bind("sub-1", &ada).await;
    world.bind("sub-2", &ada).await;
    for subject in ["sub-1", "sub-2"] {
        let found = world.candidates(subject, &["GRACE", "nobody", "ada"]).await;
        assert_eq!(found.bound.map(|person| person.account), Some(ada.account()));
        let named: Vec<_> = found.by_user_name.iter().map(|(index, person)| (*index, person.account.id)).collect();
        assert_eq!(named, [(0, grace.id), (2, ada.id)]);
        assert_eq!(found.by_external_id, None);
    }
    assert_eq!(world.candidates("SUB-1", &[]).await, Candidates::default(), "subjects have a case");
    let elsewhere = IdentityKey { issuer: "https://other.example".to_owned(), ..identity("sub-1", &[]) };
    let found = world.stores.identities.candidates(&elsewhere).await.unwrap();
    assert_eq!(found, Candidates::default(), "another provider's subject");
}

pub async fn a_binding_is_found_of_who_is_deactivated_or_removed(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.bind("sub-a", &ada).await;
    world.bind("sub-g", &grace).await;
    let renamed = User { active: false, ..world.make.edit(&ada).user_name("gone-ada").build() };
    world.update(renamed).await;
    world.removed(&grace).await;
    for (subject, user) in [("sub-a", &ada), ("sub-g", &grace)] {
        let bound = world.candidates(subject, &[]).await.bound.unwrap();
        assert_eq!((bound.account.id, bound.account.active), (user.id, false), "a leaver's subject is nobody's");
    }
}

pub async fn a_binding_is_written_with_its_records(world: World) {
    let ada = world.user("ada").await;
    let events = ["test.first", "test.second"].map(|action| world.make.event(action, Some(ada.id)));
    let outcome = world.stores.identities.bind(&world.binding("sub-1", &ada), &events).await.unwrap();
    assert_eq!(outcome, BindOutcome::Bound);
    for event in &events {
        world.assert_recorded(event).await;
    }
    assert_eq!(world.profile(ada.id).await.user, ada, "the person changed");
}

pub async fn nothing_is_bound_to_who_is_not_active_or_lost_what_spoke_for_them(world: World) {
    let ada = world.insert(world.make.user("ada").external_id("00u1")).await;
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    let left = world.user("left").await;
    world.removed(&left).await;
    let local = world.insert(world.make.user("root").local()).await;
    let nobody = world.make.user("nobody").build();
    let before = world.snapshot().await;
    let by_name = |name: &str| Binding {
        grounds: Grounds::UserName { name: name.to_owned(), issued_at: Some(world.make.now()) },
        ..world.binding("sub-1", &ada)
    };
    let by_id = Binding { grounds: Grounds::ExternalId, ..world.binding("00u2", &ada) };
    let others = [&gone, &left, &local, &nobody].map(|user| world.binding("sub-1", user));
    for binding in others.into_iter().chain([by_name("lovelace"), by_id.clone()]) {
        assert_eq!(world.try_bind(&binding).await, BindOutcome::Stale, "{binding:?}");
        world.assert_nothing_written(&before).await;
    }
    assert_eq!(world.bound_to("sub-1").await, None);
    assert_eq!(world.try_bind(&by_name("ADA")).await, BindOutcome::Bound, "user names have no case");
    let by_id = Binding { subject: "00u1".to_owned(), ..by_id };
    assert_eq!(world.try_bind(&by_id).await, BindOutcome::Bound);
}

pub async fn a_bound_subject_moves_only_from_the_person_that_it_is_bound_to(world: World) {
    let (ada, grace, linus) = (world.user("ada").await, world.user("grace").await, world.user("linus").await);
    world.bind("sub-1", &ada).await;
    let before = world.snapshot().await;
    for instead_of in [None, Some(linus.id), Some(grace.id)] {
        let binding = Binding { instead_of, ..world.binding("sub-1", &grace) };
        assert_eq!(world.try_bind(&binding).await, BindOutcome::Stale);
        world.assert_nothing_written(&before).await;
        assert_eq!(world.bound_to("sub-1").await, Some(ada.clone()));
    }
    let binding = Binding { instead_of: Some(ada.id), ..world.binding("sub-1", &grace) };
    assert_eq!(world.try_bind(&binding).await, BindOutcome::Bound);
    assert_eq!(world.bound_to("sub-1").await, Some(grace));
    let unbound = Binding { instead_of: Some(ada.id), ..world.binding("sub-2", &linus) };
    assert_eq!(world.try_bind(&unbound).await, BindOutcome::Stale);
}

pub async fn a_name_that_another_had_speaks_in_tokens_of_after_that_alone(world: World) {
    let shared = EmailAddress::parse("mail@example.com").ok();
    let renamed = world.insert(world.make.user("renamed")).await;
    let removed = world.insert(world.make.user("removed")).await;
    let mailed = world.insert(world.make.user("mailed").email(shared)).await;
    let before = world.make.now();
    world.make.clock.advance(Duration::MINUTE);
    world.update(world.make.edit(&renamed).user_name("other").build()).await;
    world.removed(&removed).await;
    world.update(world.make.edit(&mailed).email(None).build()).await;
    let lost_at = world.make.now();
    world.make.clock.advance(Duration::MINUTE);
    for name in ["renamed", "removed", "mail@example.com"] {
        let heir = world.insert(world.make.user(name).email(None)).await;
        let binding = |issued_at: Option<OffsetDateTime>| {
            let grounds = Grounds::UserName { name: name.to_uppercase(), issued_at };
            Binding { grounds, ..world.binding(&format!("sub-{name}"), &heir) }
        };
        for issued_at in [None, Some(before), Some(lost_at)] {
            let outcome = world.try_bind(&binding(issued_at)).await;
            assert_eq!(outcome, BindOutcome::Outdated, "an old token speaks for the new holder of {name}");
        }
        let outcome = world.try_bind(&binding(Some(lost_at + Duration::SECOND))).await;
        assert_eq!(outcome, BindOutcome::Bound, "a new token does not speak for the new holder of {name}");
    }
    // Whoever got a name back that was theirs had it all the time, as far as tokens go.
    let ada = world.user("ada").await;
    let king = world.update(world.make.edit(&ada).user_name("king").build()).await;
    let back = world.update(world.make.edit(&king).user_name("ada").build()).await;
    let old = Grounds::UserName { name: "ada".to_owned(), issued_at: Some(before) };
    assert_eq!(world.try_bind(&Binding { grounds: old, ..world.binding("sub-a", &back) }).await, BindOutcome::Bound);
}

pub async fn who_signs_in_is_admitted_with_a_binding_and_all_names(world: World) {
    let person = world.newcomer("Eve@Example.com");
    let event = world.make.event("test.admitted", Some(person.id));
    let key = identity("sub-1", &["eve@example.com", "eve"]);
    let outcome = world.stores.identities.admit(&person, &key, std::slice::from_ref(&event)).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Admitted);
    world.assert_recorded(&event).await;
    assert_eq!(world.profile(person.id).await.user, person);
    let found = world.candidates("sub-1", &["EVE@example.com"]).await;
    let [bound, named] = [found.bound, found.by_user_name.first().map(|(_, person)| *person)].map(Option::unwrap);
    assert_eq!(bound, named);
    assert_eq!((bound.account, bound.awaits_directory, bound.version), (person.account(), true, 1));
    let delivered = world.update(person).await;
    let bound = world.candidates("sub-1", &[]).await.bound.unwrap();
    assert_eq!((bound.awaits_directory, bound.version), (false, delivered.version));
}

pub async fn nobody_is_admitted_by_what_another_has(world: World) {
    let address = EmailAddress::parse("mail@example.com").ok();
    let ada = world.insert(world.make.user("Ádá").external_id("00u1").email(address)).await;
    world.bind("sub-1", &ada).await;
    world.insert(world.make.user("root").email(None).local()).await;
    let before = world.snapshot().await;
    let mailed = |mail: &str| IdentityKey { email: Some(mail.to_owned()), ..identity("sub-9", &["eve"]) };
    for (user_name, key, expected) in [
        ("áDÁ", identity("sub-9", &["áDÁ"]), AdmitOutcome::Known),
        ("eve", identity("sub-9", &["eve", "ÁDÁ"]), AdmitOutcome::Known),
        ("eve", identity("00u1", &["eve"]), AdmitOutcome::Known),
        ("eve", identity("sub-1", &["eve"]), AdmitOutcome::Known),
        ("Mail@example.com", identity("sub-9", &["Mail@example.com"]), AdmitOutcome::Refused),
        ("eve", mailed("mail@example.com"), AdmitOutcome::Refused),
        ("eve", mailed("ádá"), AdmitOutcome::Refused),
        ("root", identity("sub-9", &["root"]), AdmitOutcome::Refused),
    ] {
        assert_eq!(world.try_admit(&world.newcomer(user_name), &key).await, expected, "{:?}", key.logins);
        world.assert_nothing_written(&before).await;
    }
    world.admit("sub-9", &["eve"]).await;
}

pub async fn nobody_is_admitted_by_what_another_had(world: World) {
    let (mail, other) = (EmailAddress::parse("mail@example.com").ok(), EmailAddress::parse("new@example.com").ok());
    let ada = world.insert(world.make.user("Ádá").external_id("00u1").email(mail)).await;
    let king = world.make.edit(&ada).user_name("king").external_id("00u2").email(other).build();
    let king = world.update(User { active: false, ..king }).await;
    let gone = EmailAddress::parse("gone@example.com").ok();
    let gone = world.insert(world.make.user("gone").external_id("00u3").email(gone)).await;
    world.removed(&gone).await;
    let mailed = |mail: &str| IdentityKey { email: Some(mail.to_owned()), ..identity("sub-9", &["eve"]) };
    for key in [
        identity("sub-9", &["áDÁ"]),
        identity("sub-9", &["eve", "ÁDÁ"]),
        identity("00u1", &["eve"]),
        identity("sub-9", &["MAIL@example.com"]),
        mailed("mail@example.com"),
        identity("sub-9", &["GONE"]),
        identity("00u3", &["eve"]),
        mailed("gone@example.com"),
    ] {
        let before = world.snapshot().await;
        let outcome = world.try_admit(&world.newcomer(&key.logins[0]), &key).await;
        assert_eq!(outcome, AdmitOutcome::Refused, "somebody was admitted as another who left: {:?}", key.logins);
        world.assert_nothing_written(&before).await;
    }
    assert_eq!(world.profile(king.id).await.user, king);
    world.admit("00U1", &["eve"]).await;
}
