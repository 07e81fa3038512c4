use muster_domain::audit::RevokeReason;
use muster_domain::device::{Device, Platform, RegisterOutcome};
use muster_domain::housekeeping::OldDevice;
use muster_domain::session::Session;
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Closure, Method};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

const TICK: Duration = Duration::MICROSECOND;
const LONG_AGO: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

pub async fn devices_are_old_that_were_last_seen_before_the_time_for_their_kind(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let proven = world.prove_push(&ada).await;
    let ios = Device { platform: Platform::Ios, ..world.make.device(grace.id) };
    let unproven = world.register(&ios).await;
    let (seen, later) = (world.make.now(), world.make.now() + TICK);
    assert_eq!(old(&world, seen, seen).await, [], "a device is old that was seen at that very time");
    assert_eq!(old(&world, later, seen).await, [as_old(&unproven)], "an unproven device goes by the other time");
    assert_eq!(old(&world, seen, later).await, [as_old(&proven)], "a proven device goes by the other time");
    assert_eq!(old(&world, later, later).await.len(), 2);
    assert_eq!(old(&world, LONG_AGO, LONG_AGO).await, []);
}

pub async fn a_device_that_is_registered_again_is_not_old(world: World) {
    let ada = world.user("ada").await;
    let device = world.device(&ada).await;
    let later = world.make.now() + TICK;
    assert_eq!(old(&world, later, later).await, [as_old(&device)]);
    world.make.clock.set(later);
    see_again(&world, &device).await;
    assert_eq!(old(&world, later, later).await, []);
}

pub async fn those_come_first_that_were_seen_longest_ago_and_no_more_than_the_limit(world: World) {
    let ada = world.user("ada").await;
    let now = world.make.now();
    let mut devices = Vec::new();
    for age in [1, 3, 0, 1, 2, 1] {
        let last_seen_at = now - Duration::microseconds(age);
        devices.push(world.register(&Device { last_seen_at, ..world.make.device(ada.id) }).await);
    }
    devices.sort_by_key(|device| (device.last_seen_at, device.id));
    let expected: Vec<OldDevice> = devices.iter().map(as_old).collect();
    for limit in 1..=7 {
        let later = now + TICK;
        let found = world.stores.housekeeping.old_devices(later, later, now, limit).await.unwrap();
        assert_eq!(found, expected[..expected.len().min(limit.into())], "not the {limit} seen longest ago");
    }
}

pub async fn a_device_with_a_live_session_is_not_old(world: World) {
    let ada = world.user("ada").await;
    let device = world.device(&ada).await;
    let at = world.make.now();
    let on_it = || Session { device_id: Some(device.id), ..world.make.session(ada.id) };
    let found = async |now| world.stores.housekeeping.old_devices(at + TICK, at + TICK, now, 9).await.unwrap();
    world.session(&ada).await;
    world.issue(Session { expires_at: at, ..on_it() }).await;
    assert_eq!(found(at).await, [as_old(&device)], "a session keeps a device that is over, or not on it");

    let (live, _) = world.issue(Session { expires_at: at + Duration::DAY, ..on_it() }).await;
    assert_eq!(found(at).await, [], "a device is old on which somebody is signed in");
    assert_eq!(found(at + Duration::DAY - TICK).await, []);
    assert_eq!(found(at + Duration::DAY).await, [as_old(&device)]);
    let event = world.make.event("test.session.revoked", Some(ada.id));
    let reason = RevokeReason::RevokedByOwner;
    assert!(world.stores.sessions.revoke(ada.id, live.id, &world.ending(reason, event), &[]).await.unwrap());
    assert_eq!(devices(&world, &ada).await, [], "the device of a session that was ended stays");
}

pub async fn an_expired_device_goes_as_one_that_is_removed(world: World) {
    let ada = world.user("ada").await;
    let (device, other) = (world.prove_push(&ada).await, world.device(&ada).await);
    let (session, token) = world.issue(Session { device_id: Some(device.id), ..world.make.session(ada.id) }).await;
    world.make.clock.advance(Challenge::COOLDOWN);
    let challenge = world.open(world.make.push_challenge(&device)).await;
    world.tick();
    let at = world.make.now();
    let event = world.make.event("device.expired", Some(ada.id));
    assert!(world.stores.housekeeping.expire_device(&as_old(&device), at, &event).await.unwrap());

    assert_eq!(devices(&world, &ada).await, [other]);
    let closure = Some(Closure::Cancelled { at });
    let cancelled = Challenge { device_id: None, closure, ..challenge };
    assert_eq!(world.find_challenge(&ada, Method::Push).await, Some(cancelled), "its challenge is not cancelled");
    let candidate = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap();
    assert_eq!(candidate.session, Session { device_id: None, ..session });
    world.assert_recorded(&event).await;
}

pub async fn no_device_is_expired_that_is_gone_or_was_seen_since(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (device, gone, moved) = (world.device(&ada).await, world.device(&ada).await, world.device(&ada).await);
    let event = world.make.event("test.removed", Some(ada.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(ada.id, gone.id), &event).await.unwrap());
    world.tick();
    see_again(&world, &device).await;
    let graces = Device { token_fingerprint: moved.token_fingerprint, ..world.make.device(grace.id) };
    world.register(&graces).await;

    let before = world.snapshot().await;
    for old in [&device, &gone, &moved].map(as_old) {
        assert!(!expire(&world, &old).await, "a device was expired that is gone or was seen since");
        world.assert_nothing_written(&before).await;
    }
}

pub async fn of_many_servers_that_expire_a_device_at_once_exactly_one_does(world: World) {
    let ada = world.user("ada").await;
    let device = world.device(&ada).await;
    let outcomes = race(RACERS, |_| {
        let (world, old) = (world.clone(), as_old(&device));
        async move { expire(&world, &old).await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1, "not exactly one expired the device");
    assert_eq!(world.recorded("device.expired").await, 1);
}

pub async fn a_device_that_is_seen_meanwhile_stays_with_its_person(world: World) {
    let mut devices = Vec::new();
    for number in 0..RACERS / 2 {
        let user = world.user(&format!("u{number}")).await;
        devices.push(world.device(&user).await);
    }
    world.make.clock.advance(Duration::days(400));
    let now = world.make.now();
    let outcomes = race(RACERS, |number| {
        let (world, device) = (world.clone(), devices[number / 2].clone());
        async move {
            if number % 2 == 0 {
                return expire(&world, &as_old(&device)).await;
            }
            let again = Device { last_seen_at: now, ..device };
            let events = world.make.registration_events(&again);
            let outcome = world.stores.devices.register(&again, 20, None, &events).await.unwrap();
            assert_ne!(outcome, RegisterOutcome::LimitReached);
            false
        }
    })
    .await;
    for device in &devices {
        let left = world.stores.devices.list(device.user_id).await.unwrap();
        assert_eq!(left.len(), 1, "a device was expired that was seen meanwhile");
        assert_eq!((left[0].last_seen_at, &left[0].token), (now, &device.token));
    }
    assert_eq!(world.recorded("device.expired").await, count(&outcomes, &true));
}

fn as_old(device: &Device) -> OldDevice {
    OldDevice { user_id: device.user_id, id: device.id, platform: device.platform, last_seen_at: device.last_seen_at }
}

async fn old(world: &World, unproven: OffsetDateTime, proven: OffsetDateTime) -> Vec<OldDevice> {
    world.stores.housekeeping.old_devices(unproven, proven, world.make.now(), 9).await.unwrap()
}

async fn expire(world: &World, old: &OldDevice) -> bool {
    let event = world.make.event("device.expired", Some(old.user_id));
    world.stores.housekeeping.expire_device(old, world.make.now(), &event).await.unwrap()
}

/// The same app registers itself again now.
async fn see_again(world: &World, device: &Device) {
    let again = Device { last_seen_at: world.make.now(), ..device.clone() };
    let events = world.make.registration_events(&again);
    let outcome = world.stores.devices.register(&again, 20, None, &events).await.unwrap();
    assert_eq!(outcome, RegisterOutcome::Updated(again));
}

async fn devices(world: &World, user: &User) -> Vec<Device> {
    world.stores.devices.list(user.id).await.unwrap()
}
