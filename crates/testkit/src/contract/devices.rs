use muster_domain::audit::{AuditEvent, RevokeReason};
use muster_domain::device::{Device, DeviceLoss, DeviceRemoval, Platform, PushLoss, PushToken, RegisterOutcome};
use muster_domain::session::{Revocation, Session};
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Closure, Fingerprinter, Method, OpenOutcome};
use muster_domain::{ChallengeId, DeviceId, UserId};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::FakeHasher;
use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn a_device_that_nobody_has_is_created_as_it_was_given(world: World) {
    let ada = world.user("ada").await;
    let full = Device {
        platform: Platform::Web,
        token: PushToken::from_stored("x".repeat(PushToken::MAX_BYTES)),
        name: Some("Ada's \u{1f4f1}".to_owned()),
        ..world.make.device(ada.id)
    };
    world.tick();
    let bare = Device { platform: Platform::Ios, name: None, app_version: None, ..world.make.device(ada.id) };
    for device in [&full, &bare] {
        let events = world.make.registration_events(device);
        let outcome = world.stores.devices.register(device, 20, None, &events).await.unwrap();
        assert_eq!(outcome, RegisterOutcome::Created(device.clone()));
        world.assert_recorded(&events.registered).await;
    }
    assert_eq!(devices(&world, &ada).await, [full, bare]);
    assert_eq!(world.recorded("device.registered").await, 2);
    assert_eq!(world.recorded("device.updated").await + world.recorded("device.released").await, 0);
}

pub async fn a_device_that_the_person_has_is_updated_and_keeps_id_proof_and_creation(world: World) {
    let ada = world.user("ada").await;
    world.prove_push(&ada).await;
    let kept = devices(&world, &ada).await.remove(0);
    assert!(kept.verified_at.is_some());
    world.tick();
    let given = Device {
        platform: Platform::Ios,
        token: PushToken::from_stored("written-differently".to_owned()),
        token_fingerprint: kept.token_fingerprint,
        name: None,
        app_version: Some("2.0.0".to_owned()),
        ..world.make.device(ada.id)
    };
    let trail = world.trail().await.len();
    let events = world.make.registration_events(&given);
    let outcome = world.stores.devices.register(&given, 20, None, &events).await.unwrap();
    let expected = Device { id: kept.id, verified_at: kept.verified_at, created_at: kept.created_at, ..given.clone() };
    assert_eq!(outcome, RegisterOutcome::Updated(expected.clone()));
    assert_eq!(devices(&world, &ada).await, [expected]);

    let details = json!({ "deviceId": kept.id, "platform": Platform::Ios });
    world.assert_recorded(&AuditEvent { details, ..events.updated }).await;
    assert_eq!(world.trail().await.len(), trail + 1);
}

pub async fn a_device_that_another_person_has_moves_without_its_proof(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let adas = world.prove_push(&ada).await;
    world.make.clock.advance(Challenge::COOLDOWN);
    let challenge = world.open(world.make.push_challenge(&adas)).await;
    let (session, token) = world.issue(Session { device_id: Some(adas.id), ..world.make.session(ada.id) }).await;
    let graces = same_token(&world, &adas, &grace);
    let events = world.make.registration_events(&graces);
    let trail = world.trail().await.len();
    let outcome = world.stores.devices.register(&graces, 20, None, &events).await.unwrap();
    assert_eq!(outcome, RegisterOutcome::Created(graces.clone()));

    assert_eq!(devices(&world, &ada).await, []);
    assert_eq!(devices(&world, &grace).await, std::slice::from_ref(&graces));
    assert!(!world.complete(&challenge).await, "a code for another person's device still works");
    assert_cancelled(&world, challenge, graces.last_seen_at).await;
    let candidate = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap();
    let at = graces.last_seen_at;
    let revocation = Some(Revocation { at, reason: RevokeReason::DeviceReleased });
    assert_eq!(candidate.session, Session { device_id: None, revocation, ..session }, "the former owner is signed in");

    let ended = events.ending.of(ada.id).session.copy_for(0, "sessionId", session.id.to_string());
    world.assert_recorded(&ended).await;
    world.assert_recorded(&AuditEvent { subject: Some(ada.id), ..events.released }).await;
    world.assert_recorded(&events.registered).await;
    assert_eq!(world.trail().await.len(), trail + 3);
}

pub async fn a_person_who_has_the_most_devices_gets_no_new_one(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let first = world.device(&ada).await;
    world.device(&ada).await;
    let graces = world.prove_push(&grace).await;
    let before = world.snapshot().await;

    for new in [world.make.device(ada.id), same_token(&world, &graces, &ada)] {
        let events = world.make.registration_events(&new);
        let outcome = world.stores.devices.register(&new, 2, None, &events).await.unwrap();
        assert_eq!(outcome, RegisterOutcome::LimitReached, "a device past the most was registered");
        world.assert_nothing_written(&before).await;
    }
    let again = same_token(&world, &first, &ada);
    let events = world.make.registration_events(&again);
    let outcome = world.stores.devices.register(&again, 2, None, &events).await.unwrap();
    assert!(matches!(outcome, RegisterOutcome::Updated(_)), "the one that they have is still theirs to update");
    let event = world.make.event("test.removed", Some(ada.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(ada.id, first.id), &event).await.unwrap());
    world.device(&ada).await;
}

pub async fn a_device_of_nobody_is_refused(world: World) {
    let ada = world.user("ada").await;
    let held = world.device(&ada).await;
    let before = world.snapshot().await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    let new = world.make.device(nobody);
    let moved = Device { token: held.token.clone(), token_fingerprint: held.token_fingerprint, ..new.clone() };
    for device in [new, moved] {
        let events = world.make.registration_events(&device);
        assert!(world.stores.devices.register(&device, 20, None, &events).await.is_err());
        world.assert_nothing_written(&before).await;
    }
}

pub async fn devices_are_listed_oldest_first(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.device(&grace).await;
    assert_eq!(devices(&world, &ada).await, []);
    let mut expected = Vec::new();
    for age in [2, 0, 1, 1, 1] {
        let created_at = world.make.now() - Duration::microseconds(age);
        expected.push(world.register(&Device { created_at, ..world.make.device(ada.id) }).await);
    }
    expected.sort_by_key(|device| (device.created_at, device.id));
    assert_eq!(devices(&world, &ada).await, expected);
    assert_eq!(world.profile(ada.id).await.devices, expected);
}

pub async fn a_removed_device_goes_with_its_proof_and_its_challenge_is_cancelled(world: World) {
    let ada = world.user("ada").await;
    let (device, other) = (world.prove_push(&ada).await, world.device(&ada).await);
    let (session, token) = world.issue(Session { device_id: Some(device.id), ..world.make.session(ada.id) }).await;
    world.make.clock.advance(Challenge::COOLDOWN);
    let challenge = world.open(world.make.push_challenge(&device)).await;
    world.tick();
    let at = world.make.now();
    let event = world.make.event("test.removed", Some(ada.id));
    let removal = DeviceRemoval { ending: None, ..world.make.device_removal(ada.id, device.id) };
    assert!(world.stores.devices.remove(&removal, &event).await.unwrap());

    assert_eq!(devices(&world, &ada).await, [other]);
    assert_cancelled(&world, challenge, at).await;
    let candidate = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap();
    assert_eq!(candidate.session, Session { device_id: None, ..session });
    let push_loss = Some(PushLoss { reason: DeviceLoss::RemovedByOwner, at });
    assert_eq!(world.profile(ada.id).await.push_loss, push_loss, "nothing says why push is not proven");
    world.assert_recorded(&event).await;
}

pub async fn a_removal_leaves_the_challenges_of_other_devices_and_methods(world: World) {
    let ada = world.user("ada").await;
    let (device, other) = (world.device(&ada).await, world.device(&ada).await);
    let push = world.open(world.make.push_challenge(&other)).await;
    let email = world.challenge(&ada, Method::Email).await;
    let event = world.make.event("test.removed", Some(ada.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(ada.id, device.id), &event).await.unwrap());
    assert_eq!(world.find_challenge(&ada, Method::Push).await, Some(push));
    assert_eq!(world.find_challenge(&ada, Method::Email).await, Some(email));
}

pub async fn nothing_is_removed_that_is_not_the_persons(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let graces = world.prove_push(&grace).await;
    let unknown = DeviceId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    for id in [graces.id, unknown] {
        let event = world.make.event("test.removed", Some(ada.id));
        assert!(!world.stores.devices.remove(&world.make.device_removal(ada.id, id), &event).await.unwrap());
        world.assert_nothing_written(&before).await;
    }
}

pub async fn a_device_that_was_registered_again_is_not_removed_for_what_was_before(world: World) {
    let ada = world.user("ada").await;
    let device = world.prove_push(&ada).await;
    let seen = device.last_seen_at;
    let before = world.snapshot().await;
    let removal = |at| DeviceRemoval { unless_seen_after: Some(at), ..world.make.device_removal(ada.id, device.id) };
    let event = world.make.event("test.removed", Some(ada.id));
    let earlier = removal(seen - Duration::microseconds(1));
    assert!(!world.stores.devices.remove(&earlier, &event).await.unwrap(), "it was registered after that");
    world.assert_nothing_written(&before).await;
    assert!(world.stores.devices.remove(&removal(seen), &event).await.unwrap());
    assert_eq!(devices(&world, &ada).await, []);
}

pub async fn of_many_removals_at_once_exactly_one_is_true(world: World) {
    let ada = world.user("ada").await;
    let device = world.device(&ada).await;
    let outcomes = race(RACERS, |_| {
        let (world, owner, id) = (world.clone(), ada.id, device.id);
        async move {
            let event = world.make.event("test.raced", Some(owner));
            world.stores.devices.remove(&world.make.device_removal(owner, id), &event).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1);
    assert_eq!(world.recorded("test.raced").await, 1);
}

pub async fn a_device_is_the_same_whatever_key_its_fingerprint_was_made_with(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.prove_push(&ada).await;
    let device = devices(&world, &ada).await.remove(0);
    world.tick();
    let again = under_another_key(&same_token(&world, &device, &ada));
    let events = world.make.registration_events(&again);
    let outcome = world.stores.devices.register(&again, 20, None, &events).await.unwrap();
    let Device { id, verified_at, created_at, .. } = device;
    let kept = Device { id, verified_at, created_at, ..again.clone() };
    assert_eq!(outcome, RegisterOutcome::Updated(kept.clone()), "one token became two devices");
    let listed = devices(&world, &ada).await;
    assert_eq!(listed, std::slice::from_ref(&kept));
    assert_eq!(listed[0].token_fingerprint.key, again.token_fingerprint.key);

    // And it moves between people from key to key.
    let graces = same_token(&world, &device, &grace);
    let events = world.make.registration_events(&graces);
    let outcome = world.stores.devices.register(&graces, 20, None, &events).await.unwrap();
    assert_eq!(outcome, RegisterOutcome::Created(graces.clone()));
    assert_eq!((devices(&world, &ada).await, devices(&world, &grace).await), (vec![], vec![graces]));
}

pub async fn however_many_register_a_token_under_two_keys_at_once_one_has_it(world: World) {
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(world.user(&format!("user{number}")).await);
    }
    let first = world.make.device(people[0].id);
    race(RACERS, |number| {
        let world = world.clone();
        let device = same_token(&world, &first, &people[number % 4]);
        let device = if number % 2 == 0 { device } else { under_another_key(&device) };
        async move {
            let events = world.make.registration_events(&device);
            world.stores.devices.register(&device, 20, None, &events).await.unwrap()
        }
    })
    .await;
    let mut held = Vec::new();
    for user in &people {
        held.extend(devices(&world, user).await);
    }
    assert_eq!(held.len(), 1, "a token has one holder, whatever key its fingerprint was made with");
}

pub async fn however_many_people_register_a_token_at_once_one_has_it(world: World) {
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(world.user(&format!("user{number}")).await);
    }
    let first = world.make.device(people[0].id);
    let outcomes = race(RACERS, |number| {
        let world = world.clone();
        let device = same_token(&world, &first, &people[number % 8]);
        async move {
            let events = world.make.registration_events(&device);
            world.stores.devices.register(&device, 20, None, &events).await.unwrap()
        }
    })
    .await;
    let mut held = Vec::new();
    for user in &people {
        held.extend(devices(&world, user).await);
    }
    assert_eq!(held.len(), 1, "a token has one holder");
    let created = outcomes.iter().filter(|outcome| matches!(outcome, RegisterOutcome::Created(_))).count();
    let updated = outcomes.iter().filter(|outcome| matches!(outcome, RegisterOutcome::Updated(_))).count();
    assert_eq!(created + updated, RACERS);
    assert_eq!(world.recorded("device.registered").await, created);
    assert_eq!(world.recorded("device.released").await, created - 1, "each move but the first took it from somebody");
    assert_eq!(world.recorded("device.updated").await, updated);
}

pub async fn however_many_devices_register_at_once_no_person_has_more_than_the_most(world: World) {
    let ada = world.user("ada").await;
    let outcomes = race(RACERS, |_| {
        let world = world.clone();
        let device = world.make.device(ada.id);
        async move {
            let events = world.make.registration_events(&device);
            world.stores.devices.register(&device, 20, None, &events).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&outcomes, &RegisterOutcome::LimitReached), RACERS - 20);
    assert_eq!(devices(&world, &ada).await.len(), 20);
    assert_eq!(world.recorded("device.registered").await, 20);
}

async fn devices(world: &World, user: &User) -> Vec<Device> {
    world.stores.devices.list(user.id).await.unwrap()
}

/// Fails unless the challenge of a device that is gone was cancelled at `at`, and is kept so that its cooldown holds.
async fn assert_cancelled(world: &World, challenge: Challenge, at: OffsetDateTime) {
    let cancelled = Challenge { device_id: None, closure: Some(Closure::Cancelled { at }), ..challenge };
    let left = world.stores.verification.find_challenge(cancelled.user_id, Method::Push).await.unwrap();
    assert_eq!(left.as_ref(), Some(&cancelled), "the challenge of a device that is gone is cancelled and kept");

    let next = Challenge { id: ChallengeId::new(at, &*world.make.entropy), ..cancelled.clone() };
    let Challenge { opened_at, resend_after, .. } = cancelled;
    let too_soon = OpenOutcome::TooSoon { opened_at, resend_after };
    assert_eq!(
        world.try_open(&next, &[]).await,
        too_soon,
        "the loss of the device shortened the wait for the next code"
    );
}

/// The same device as a server in another step of a rotation fingerprints it.
fn under_another_key(device: &Device) -> Device {
    let token_fingerprint = FakeHasher::of_key(1).fingerprint(Method::Push, &device.destination());
    Device { token_fingerprint, ..device.clone() }
}

/// The same device as `user` presents it.
fn same_token(world: &World, device: &Device, user: &User) -> Device {
    Device { token: device.token.clone(), token_fingerprint: device.token_fingerprint, ..world.make.device(user.id) }
}
