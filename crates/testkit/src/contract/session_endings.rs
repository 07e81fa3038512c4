use muster_domain::audit::RevokeReason;
use muster_domain::device::{Device, DeviceLoss, DeviceRemoval, PushLoss, RegisterOutcome};
use muster_domain::directory::UserUpdate;
use muster_domain::session::{Revocation, Session, StoredToken};
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Closure, Method};
use muster_domain::{DeviceId, SessionId};
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, race};

pub async fn a_session_that_ends_takes_the_device_that_it_names(world: World) {
    for reason in [RevokeReason::SignedOut, RevokeReason::RevokedByOperator, RevokeReason::Replayed] {
        let ada = world.user(reason.as_str()).await;
        let (device, other) = (world.prove_push(&ada).await, world.device(&ada).await);
        let (session, token) = on(&world, &ada, &device).await;
        world.make.clock.advance(Challenge::COOLDOWN);
        let challenge = world.open(world.make.push_challenge(&device)).await;
        world.tick();
        let at = world.make.now();
        let ending = world.make.ending(reason, Some(ada.id));
        assert!(world.stores.sessions.revoke(ada.id, session.id, &ending, &[]).await.unwrap());

        let profile = world.profile(ada.id).await;
        assert_eq!(ids(&profile.devices), [other.id], "a device outlives the session that was on it");
        assert_eq!(profile.push_loss, Some(PushLoss { reason: DeviceLoss::SessionEnded(reason), at }));
        let cancelled = Challenge { device_id: None, closure: Some(Closure::Cancelled { at }), ..challenge };
        assert_eq!(world.find_challenge(&ada, Method::Push).await, Some(cancelled), "its challenge is not cancelled");
        let revocation = Some(Revocation { at, reason });
        assert_eq!(load(&world, &token).await, Session { device_id: None, revocation, ..session.clone() });
        world.assert_recorded(&ending.session.copy_for(0, "sessionId", session.id.to_string())).await;
        world.assert_recorded(&ending.device.copy_for(0, "deviceId", device.id.to_string())).await;
    }
}

pub async fn a_session_that_ends_takes_the_devices_that_were_registered_with_its_credential(world: World) {
    let ada = world.user("ada").await;
    let (session, _) = world.session(&ada).await;
    let (first, second) = (world.make.device(ada.id), world.make.device(ada.id));
    for device in [&first, &second] {
        assert_eq!(world.register_by(device, &session).await, RegisterOutcome::Created(device.clone()));
    }
    let unbound = world.device(&ada).await;
    let bound = world.device(&ada).await;
    assert!(matches!(world.register_by(&again(&world, &bound), &session).await, RegisterOutcome::Updated(_)));
    // Without a session nothing is known of another: it stays where it is.
    let events = world.make.registration_events(&bound);
    world.stores.devices.register(&again(&world, &bound), 20, None, &events).await.unwrap();
    let trail = world.trail().await.len();
    assert!(world.revoke(&session, RevokeReason::SignedOut).await);
    assert_eq!(ids(&world.profile(ada.id).await.devices), [unbound.id], "a device outlives its session");
    assert_eq!(world.trail().await.len(), trail + 4, "not each end has its record");
    assert_eq!(world.profile(ada.id).await.push_loss, None, "nothing was proven");
}

pub async fn a_device_stays_while_another_live_session_is_on_it(world: World) {
    let ada = world.user("ada").await;
    let device = world.prove_push(&ada).await;
    let (first, _) = on(&world, &ada, &device).await;
    let (second, _) = on(&world, &ada, &device).await;
    let (third, _) = world.session(&ada).await;
    assert!(matches!(world.register_by(&again(&world, &device), &third).await, RegisterOutcome::Updated(_)));
    let expires_at = world.make.now() + Duration::HOUR;
    let short = Session { device_id: Some(device.id), expires_at, ..world.make.session(ada.id) };
    world.issue(short).await;
    for session in [&first, &second] {
        assert!(world.revoke(session, RevokeReason::RevokedByOwner).await);
        assert_eq!(ids(&world.profile(ada.id).await.devices), [device.id], "another session is on the device");
    }
    world.make.clock.set(expires_at);
    assert!(world.revoke(&third, RevokeReason::RevokedByOwner).await);
    assert_eq!(world.profile(ada.id).await.devices, [], "a session that expired keeps a device");
}

pub async fn a_session_that_expires_takes_no_device(world: World) {
    let ada = world.user("ada").await;
    let device = world.prove_push(&ada).await;
    let (session, _) = on(&world, &ada, &device).await;
    world.make.clock.set(session.expires_at);
    assert!(!world.revoke(&session, RevokeReason::SignedOut).await);
    assert_eq!(ids(&world.profile(ada.id).await.devices), [device.id]);
}

pub async fn the_sessions_on_a_device_end_when_its_owner_removes_it(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (device, stays) = (world.prove_push(&ada).await, world.device(&ada).await);
    let (names_it, _) = on(&world, &ada, &device).await;
    let (registered_it, _) = world.session(&ada).await;
    world.register_by(&again(&world, &device), &registered_it).await;
    let second = world.make.device(ada.id);
    world.register_by(&second, &registered_it).await;
    let (spared, _) = on(&world, &ada, &device).await;
    let (other, _) = on(&world, &ada, &stays).await;
    let (graces, _) = world.session(&grace).await;
    world.tick();
    let event = world.make.event("test.removed", Some(ada.id));
    let removal = DeviceRemoval { spared: Some(spared.id), ..world.make.device_removal(ada.id, device.id) };
    assert!(world.stores.devices.remove(&removal, &event).await.unwrap());
    let mut left = live(&world, &ada).await;
    left.sort();
    assert_eq!(left, [spared.id, other.id], "not the sessions on the device ended");
    assert_eq!(live(&world, &grace).await, [graces.id]);
    assert_eq!(ids(&world.profile(ada.id).await.devices), [stays.id], "a device outlives its session");
    world.assert_recorded(&event).await;
    let ending = removal.ending.unwrap();
    let mut ended = [names_it.id, registered_it.id];
    ended.sort();
    for (number, id) in (0..).zip(ended) {
        world.assert_recorded(&ending.session.copy_for(number, "sessionId", id.to_string())).await;
    }
    world.assert_recorded(&ending.device.copy_for(0, "deviceId", second.id.to_string())).await;
}

pub async fn no_device_is_registered_with_the_credential_of_a_session_that_is_over(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (graces, _) = world.session(&grace).await;
    let (revoked, _) = world.session(&ada).await;
    assert!(world.revoke(&revoked, RevokeReason::RevokedByOwner).await);
    let (expired, _) = world.issue(Session { expires_at: world.make.now(), ..world.make.session(ada.id) }).await;
    let kept = world.device(&ada).await;
    let before = world.snapshot().await;
    for session in [graces, revoked, expired, world.make.session(ada.id)] {
        for device in [world.make.device(ada.id), again(&world, &kept)] {
            let outcome = world.register_by(&device, &session).await;
            assert_eq!(outcome, RegisterOutcome::SessionEnded, "a session that is over registers devices");
            world.assert_nothing_written(&before).await;
        }
    }
}

pub async fn a_revocation_and_many_registrations_at_once_leave_no_device(world: World) {
    let ada = world.user("ada").await;
    let (session, _) = world.session(&ada).await;
    race(RACERS, |number| {
        let (world, session, device) = (world.clone(), session.clone(), world.make.device(ada.id));
        async move {
            if number == 11 {
                assert!(world.revoke(&session, RevokeReason::SignedOut).await);
            } else {
                world.register_by(&device, &session).await;
            }
        }
    })
    .await;
    assert_eq!(world.profile(ada.id).await.devices, [], "a phone that was signed out has a device");
}

pub async fn who_is_deactivated_loses_the_devices_that_their_sessions_are_on(world: World) {
    let ada = world.user("ada").await;
    let (device, unbound) = (world.prove_push(&ada).await, world.device(&ada).await);
    on(&world, &ada, &device).await;
    on(&world, &ada, &device).await;
    world.tick();
    let trail = world.trail().await.len();
    let update = world.next(world.make.edit(&ada).deactivated().build(), &[]);
    world.apply(&UserUpdate { deactivates: true, ..update }).await;
    let profile = world.profile(ada.id).await;
    assert_eq!(ids(&profile.devices), [unbound.id], "the device of somebody who is deactivated stays proven");
    let reason = DeviceLoss::SessionEnded(RevokeReason::Deactivated);
    assert_eq!(profile.push_loss, Some(PushLoss { reason, at: world.make.now() }));
    assert_eq!(world.trail().await.len(), trail + 1, "the record of the deactivation stands for all");
}

pub async fn revocations_of_all_sessions_on_a_device_at_once_remove_it_once(world: World) {
    let ada = world.user("ada").await;
    let device = world.prove_push(&ada).await;
    let mut sessions = Vec::new();
    for _ in 0..16 {
        sessions.push(on(&world, &ada, &device).await.0);
    }
    race(sessions.len(), |number| {
        let (world, session) = (world.clone(), sessions[number].clone());
        async move { assert!(world.revoke(&session, RevokeReason::RevokedByOwner).await) }
    })
    .await;
    assert_eq!(world.profile(ada.id).await.devices, [], "each thought that another was on the device");
    assert_eq!(world.recorded("device.removed").await, 1);
}

/// A session that names a device.
async fn on(world: &World, user: &User, device: &Device) -> (Session, StoredToken) {
    world.issue(Session { device_id: Some(device.id), ..world.make.session(user.id) }).await
}

/// The device as its app presents it again.
fn again(world: &World, device: &Device) -> Device {
    let fresh = world.make.device(device.user_id);
    Device { token: device.token.clone(), token_fingerprint: device.token_fingerprint, ..fresh }
}

fn ids(devices: &[Device]) -> Vec<DeviceId> {
    devices.iter().map(|device| device.id).collect()
}

async fn live(world: &World, user: &User) -> Vec<SessionId> {
    let live = world.stores.sessions.list(user.id, world.make.now()).await.unwrap();
    live.into_iter().map(|session| session.id).collect()
}

async fn load(world: &World, token: &StoredToken) -> Session {
    world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap().session
}
