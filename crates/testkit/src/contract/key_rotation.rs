use muster_domain::KeyId;
use muster_domain::device::Device;
use muster_domain::directory::UpdateOutcome;
use muster_domain::key_rotation::{FingerprintMove, KeyCount, KeyedRows, StoredFingerprint};
use muster_domain::user::{EmailAddress, Phone, User, UserQuery};
use muster_domain::verification::{Fingerprint, Fingerprinter, Method};
use time::Duration;
use uuid::Uuid;

use crate::FakeHasher;
use crate::contract::World;
use crate::contract::race::{RACERS, race};

/// The number of the key to which fingerprints are moved; that of the builders is 0.
const NEW: u32 = 1;

pub async fn fingerprints_that_name_none_of_the_keys_are_read_in_the_order_of_their_holders(world: World) {
    let mut people = Vec::new();
    for name in ["ada", "grace", "linus"] {
        people.push(world.user(name).await);
    }
    people.sort_by_key(|user| user.id);
    let devices = [world.device(&people[0]).await, world.device(&people[1]).await];
    world.insert(world.make.user("nowhere").email(None).phone(None)).await;
    for (method, expected) in [
        (Method::Email, people.iter().map(email).collect::<Vec<_>>()),
        (Method::Sms, people.iter().map(phone).collect()),
        (Method::Push, sorted(devices.iter().map(token).collect())),
    ] {
        assert_eq!(read(&world, method, &[key(NEW)], None, 9).await, expected, "{method}");
        assert_eq!(read(&world, method, &[], None, 9).await, expected, "{method}");
        assert_eq!(read(&world, method, &[key(NEW), key(0)], None, 9).await, [], "{method}");
        assert_eq!(read(&world, method, &[key(NEW)], None, 1).await, expected[..1], "{method}");
        let after = Some(expected[0].holder);
        assert_eq!(read(&world, method, &[key(NEW)], after, 1).await, expected[1..2], "{method}");
        let last = expected.last().map(|last| last.holder);
        assert_eq!(read(&world, method, &[key(NEW)], last, 9).await, [], "{method}");
    }
}

pub async fn a_moved_fingerprint_takes_its_proof_along(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    for user in [&ada, &grace] {
        world.prove(user, Method::Email).await;
        world.prove(user, Method::Sms).await;
        world.prove_push(user).await;
    }
    let untouched = world.profile(grace.id).await;
    let before = world.profile(ada.id).await;
    for (version, (method, stored)) in (2..).zip([(Method::Email, email(&ada)), (Method::Sms, phone(&ada))]) {
        let moved = moved(method, &stored);
        assert_eq!(move_one(&world, method, moved).await, 1);
        let profile = world.profile(ada.id).await;
        let proof = profile.proofs.iter().find(|proof| proof.method == method).unwrap();
        assert_eq!(proof.fingerprint, moved.to, "the proof stayed behind its fingerprint");
        assert_eq!(proof.fingerprint.key, Some(key(NEW)));
        let own = if method == Method::Email { profile.user.email_fingerprint } else { profile.user.phone_fingerprint };
        assert_eq!(own.map(|own| (own, own.key)), Some((moved.to, Some(key(NEW)))));
        assert_eq!(profile.user.version, version, "who read the person before would write the old fingerprint back");
    }
    let device = before.devices[0].clone();
    let push = moved(Method::Push, &token(&device));
    assert_eq!(move_one(&world, Method::Push, push).await, 1);
    let after = world.profile(ada.id).await;
    assert_eq!(after.devices, [Device { token_fingerprint: push.to, ..device }]);
    assert_eq!(after.devices[0].token_fingerprint.key, Some(key(NEW)));
    assert_eq!(world.profile(grace.id).await, untouched);
    let ready = world.people(&UserQuery { can_be_on_call: Some(true), ..UserQuery::default() }).await;
    assert_eq!(ready.len(), 2, "a move unproved somebody");
}

pub async fn a_key_that_is_only_recorded_changes_nothing_else(world: World) {
    let mut ada = world.make.user("ada").build();
    ada.email_fingerprint = ada.email_fingerprint.map(|fingerprint| fingerprint.hash.into());
    let event = world.make.event("test.user.created", Some(ada.id));
    world.stores.directory.insert_user(&ada, &event).await.unwrap();
    let stored = email(&ada);
    assert_eq!(read(&world, Method::Email, &[key(0), key(NEW)], None, 9).await, std::slice::from_ref(&stored));
    let to = Fingerprint { key: Some(key(0)), ..stored.fingerprint };
    let recorded = FingerprintMove { holder: ada.id.0, from: stored.fingerprint, to };
    assert_eq!(move_one(&world, Method::Email, recorded).await, 1);
    let after = world.profile(ada.id).await.user;
    assert_eq!(after, ada);
    assert_eq!(after.email_fingerprint.unwrap().key, Some(key(0)));
}

pub async fn a_holder_who_has_another_fingerprint_by_now_is_passed_over(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (of_ada, of_grace) = (email(&ada), email(&grace));
    let other = EmailAddress::parse("countess@example.com").unwrap();
    let ada = world.update(world.make.edit(&ada).email(Some(other)).build()).await;
    let nobody = FingerprintMove { holder: Uuid::from_u128(7), ..moved(Method::Email, &of_ada) };
    let mut moves = vec![moved(Method::Email, &of_ada), moved(Method::Email, &of_grace), nobody];
    moves.sort_by_key(|one| one.holder);
    let count = world.stores.key_rotation.move_fingerprints(Method::Email, &moves).await.unwrap();
    assert_eq!(count, 1, "only what still is there is moved and counted");
    assert_eq!(world.profile(ada.id).await.user, ada);
}

pub async fn a_change_of_a_person_that_was_read_before_a_move_is_stale(world: World) {
    let ada = world.user("ada").await;
    world.prove(&ada, Method::Email).await;
    let update = world.next(world.make.edit(&ada).display_name("Ada L.").build(), &[]);
    assert_eq!(move_one(&world, Method::Email, moved(Method::Email, &email(&ada))).await, 1);
    let event = world.make.event("test.user.updated", Some(ada.id));
    let outcome = world.stores.directory.update_user(&update, &[event]).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Stale, "the old fingerprint was written over the moved one");
}

pub async fn the_key_of_a_successor_is_recorded_once_and_only_where_it_may_be_needed(world: World) {
    let ada = world.user("ada").await;
    let mut without = Vec::new();
    for _ in 0..3 {
        let mut opening = world.make.opening(world.make.session(ada.id));
        opening.token.successor_key = None;
        let event = world.make.event("test.session.issued", Some(ada.id));
        world.stores.sessions.issue(&opening, &event).await.unwrap();
        without.push(opening.token.hash);
    }
    let (_, with) = world.session(&ada).await;
    let record = async |limit| world.stores.key_rotation.record_successor_key(key(NEW), limit).await.unwrap();
    assert_eq!((record(2).await, record(2).await, record(2).await), (2, 1, 0));
    for hash in without {
        let token = world.stores.sessions.load_for_refresh(&hash).await.unwrap().unwrap().token;
        assert_eq!(token.successor_key, Some(key(NEW)));
    }
    let kept = world.stores.sessions.load_for_refresh(&with.hash).await.unwrap().unwrap().token;
    assert_eq!(kept, with);
}

pub async fn rows_are_counted_by_kind_and_key(world: World) {
    use KeyedRows::{Codes, Devices, Emails, Phones, RefreshTokens};
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.insert(world.make.user("nowhere").email(None).phone(None)).await;
    world.device(&ada).await;
    world.session(&ada).await;
    let challenge = world.challenge(&grace, Method::Email).await;
    move_one(&world, Method::Sms, moved(Method::Sms, &phone(&ada))).await;
    let (old, new) = (Some(key(0)), Some(key(NEW)));
    let expected = [(Emails, old, 2), (Phones, old, 1), (Phones, new, 1), (Devices, old, 1), (Codes, old, 1)];
    let expected = [&expected[..], &[(RefreshTokens, old, 1)]].concat();
    assert_eq!(counted(&world).await, expected);

    // Neither a code that is over nor a session that is ended needs a key any more.
    world.make.clock.set(challenge.expires_at);
    assert!(counted(&world).await.iter().all(|(rows, ..)| *rows != Codes));
    world.make.clock.advance(Duration::days(90));
    assert!(counted(&world).await.iter().all(|(rows, ..)| *rows != RefreshTokens));
}

pub async fn of_many_servers_that_move_one_fingerprint_at_once_one_does(world: World) {
    let ada = world.user("ada").await;
    world.prove(&ada, Method::Email).await;
    let one = moved(Method::Email, &email(&ada));
    let outcomes = race(RACERS, |_| {
        let world = world.clone();
        async move { move_one(&world, Method::Email, one).await }
    })
    .await;
    assert_eq!(outcomes.into_iter().sum::<u64>(), 1);
    assert_eq!(world.profile(ada.id).await.user.version, 2);
}

pub async fn what_is_proven_at_once_with_a_move_counts_under_the_key_that_it_is_moved_to(world: World) {
    for round in 0..10 {
        let ada = world.user(&format!("ada{round}")).await;
        let challenge = world.challenge(&ada, Method::Email).await;
        let one = moved(Method::Email, &email(&ada));
        let completed = race(2, |number| {
            let (world, challenge) = (world.clone(), challenge.clone());
            async move {
                if number == 0 {
                    return Some(world.complete(&challenge).await);
                }
                move_one(&world, Method::Email, one).await;
                None
            }
        })
        .await;
        let profile = world.profile(ada.id).await;
        assert_eq!(profile.user.email_fingerprint, Some(one.to));
        let proven = profile.proofs.iter().any(|proof| Some(proof.fingerprint) == profile.user.email_fingerprint);
        assert_eq!(completed.into_iter().flatten().next(), Some(proven), "a proof was lost between two keys");
    }
}

fn key(number: u32) -> KeyId {
    FakeHasher::key_id(number)
}

fn email(user: &User) -> StoredFingerprint {
    let destination = user.email.as_ref().map(EmailAddress::normalized).unwrap();
    StoredFingerprint { holder: user.id.0, destination, fingerprint: user.email_fingerprint.unwrap() }
}

fn phone(user: &User) -> StoredFingerprint {
    let number = user.phone.as_ref().and_then(Phone::deliverable).unwrap();
    let destination = number.as_str().to_owned();
    StoredFingerprint { holder: user.id.0, destination, fingerprint: user.phone_fingerprint.unwrap() }
}

fn token(device: &Device) -> StoredFingerprint {
    let (holder, destination) = (device.id.0, device.destination());
    StoredFingerprint { holder, destination, fingerprint: device.token_fingerprint }
}

fn sorted(mut stored: Vec<StoredFingerprint>) -> Vec<StoredFingerprint> {
    stored.sort_by_key(|one| one.holder);
    stored
}

/// The move of a fingerprint to the new key.
fn moved(method: Method, stored: &StoredFingerprint) -> FingerprintMove {
    let to = FakeHasher::of_key(NEW).fingerprint(method, &stored.destination);
    FingerprintMove { holder: stored.holder, from: stored.fingerprint, to }
}

async fn move_one(world: &World, method: Method, one: FingerprintMove) -> u64 {
    world.stores.key_rotation.move_fingerprints(method, &[one]).await.unwrap()
}

async fn read(
    world: &World,
    method: Method,
    other_than: &[KeyId],
    after: Option<Uuid>,
    limit: u16,
) -> Vec<StoredFingerprint> {
    world.stores.key_rotation.fingerprints(method, other_than, after, limit).await.unwrap()
}

async fn counted(world: &World) -> Vec<(KeyedRows, Option<KeyId>, u64)> {
    let counts = world.stores.key_rotation.count_by_key(world.make.now()).await.unwrap();
    let mut counts: Vec<_> = counts.into_iter().map(|KeyCount { rows, key, count }| (rows, key, count)).collect();
    counts.sort_unstable();
    counts
}
