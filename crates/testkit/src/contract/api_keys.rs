use muster_domain::ApiKeyId;
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKey, ApiKeyHash, KeyRotation, RotateKeyOutcome};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn a_key_reads_back_as_it_was_inserted(world: World) {
    let now = world.make.now();
    let full = ApiKey {
        scopes: Scope::ALL.to_vec(),
        expires_at: Some(now + Duration::DAY),
        revoked_at: Some(now + Duration::HOUR),
        last_used_at: Some(now + Duration::MINUTE),
        ..world.make.api_key("Pager of the 2nd floor, günstig")
    };
    for key in [full, world.make.api_key("bare")] {
        let (hash, event) = (world.make.api_key_hash(), world.make.event("test.inserted", None));
        world.stores.api_keys.insert(&key, &hash, &event).await.unwrap();
        world.assert_recorded(&event).await;
        assert_eq!(find(&world, hash).await, Some(key.clone()));
        assert!(list(&world).await.contains(&key));
    }
}

pub async fn every_key_is_listed_whether_it_works_or_not(world: World) {
    assert_eq!(list(&world).await, []);
    let now = world.make.now();
    let mut keys = vec![
        world.make.api_key("live"),
        ApiKey { expires_at: Some(now - Duration::DAY), ..world.make.api_key("expired") },
        ApiKey { revoked_at: Some(now), ..world.make.api_key("revoked") },
    ];
    for key in &keys {
        world.api_key(key.clone()).await;
    }
    let mut listed = list(&world).await;
    listed.sort_by_key(|key| key.id);
    keys.sort_by_key(|key| key.id);
    assert_eq!(listed, keys);
}

pub async fn keys_are_listed_newest_first(world: World) {
    let mut expected = Vec::new();
    for age in [1, 2, 0, 1, 1] {
        let created_at = world.make.now() - Duration::microseconds(age);
        expected.push(world.api_key(ApiKey { created_at, ..world.make.api_key("pager") }).await.0);
    }
    expected.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
    assert_eq!(list(&world).await, expected);
}

pub async fn a_key_is_found_by_its_hash_whether_it_works_or_not(world: World) {
    let now = world.make.now();
    assert_eq!(find(&world, world.make.api_key_hash()).await, None);
    for key in [
        world.make.api_key("live"),
        ApiKey { expires_at: Some(now), ..world.make.api_key("expired") },
        ApiKey { revoked_at: Some(now), ..world.make.api_key("revoked") },
    ] {
        let (key, hash) = world.api_key(key).await;
        assert_eq!(find(&world, hash).await, Some(key));
    }
    assert_eq!(find(&world, world.make.api_key_hash()).await, None);
}

pub async fn a_found_key_is_never_a_stale_answer(world: World) {
    for round in 0..20 {
        let (mut key, hash) = world.api_key(world.make.api_key("pager")).await;
        assert_eq!(find(&world, hash).await, Some(key.clone()));
        world.tick();
        let at = world.make.now();
        match round % 3 {
            0 => {
                assert!(revoke(&world, key.id).await);
                key.revoked_at = Some(at);
            }
            1 => {
                let rotation = rotation(&world, key.id, at);
                assert_ne!(rotate(&world, &rotation).await, RotateKeyOutcome::NotLive);
                key.expires_at = Some(at);
            }
            _ => {
                world.stores.api_keys.touch(key.id, at).await.unwrap();
                key.last_used_at = Some(at);
            }
        }
        let seen = race(4, |_| {
            let world = world.clone();
            async move { find(&world, hash).await }
        })
        .await;
        assert_eq!(seen, [0; 4].map(|_| Some(key.clone())), "a key shows what was, not what is");
    }
}

pub async fn a_use_is_noted_and_nothing_else(world: World) {
    let (key, hash) = world.api_key(world.make.api_key("pager")).await;
    let (other, others) = world.api_key(world.make.api_key("other")).await;
    let trail = world.trail().await;
    for _ in 0..2 {
        world.tick();
        let at = world.make.now();
        world.stores.api_keys.touch(key.id, at).await.unwrap();
        assert_eq!(find(&world, hash).await, Some(ApiKey { last_used_at: Some(at), ..key.clone() }));
    }
    let nobodys = ApiKeyId::new(world.make.now(), &*world.make.entropy);
    world.stores.api_keys.touch(nobodys, world.make.now()).await.unwrap();
    assert_eq!(find(&world, others).await, Some(other));
    assert_eq!(list(&world).await.len(), 2);
    assert_eq!(world.trail().await, trail, "a use was recorded");
}

pub async fn a_use_does_not_undo_a_later_one(world: World) {
    let (key, hash) = world.api_key(world.make.api_key("pager")).await;
    let latest = world.make.now() + Duration::HOUR;
    for at in [latest, latest - Duration::MICROSECOND, latest - Duration::HOUR, latest] {
        world.stores.api_keys.touch(key.id, at).await.unwrap();
        let found = find(&world, hash).await.unwrap();
        assert_eq!(found.last_used_at, Some(latest), "an earlier use was noted over a later one");
    }
}

pub async fn however_many_uses_are_noted_at_once_the_latest_stays(world: World) {
    let (key, hash) = world.api_key(world.make.api_key("pager")).await;
    let start = world.make.now();
    let at = move |number: usize| start + Duration::SECOND * u32::try_from(number).unwrap();
    race(RACERS, |number| {
        let (world, id) = (world.clone(), key.id);
        // Those in the middle are the latest, so that it is neither the first nor the last to begin.
        async move { world.stores.api_keys.touch(id, at((number + RACERS / 2) % RACERS)).await.unwrap() }
    })
    .await;
    assert_eq!(find(&world, hash).await.unwrap().last_used_at, Some(at(RACERS - 1)));
}

pub async fn a_key_that_is_not_revoked_is_revoked_with_its_record(world: World) {
    let expired = ApiKey { expires_at: Some(world.make.now()), ..world.make.api_key("expired") };
    let (other, others) = world.api_key(world.make.api_key("other")).await;
    for key in [world.make.api_key("live"), expired] {
        let (key, hash) = world.api_key(key).await;
        world.tick();
        let (at, event) = (world.make.now(), world.make.event("test.revoked", None));
        assert!(world.stores.api_keys.revoke(key.id, at, &event).await.unwrap());
        world.assert_recorded(&event).await;
        assert_eq!(find(&world, hash).await, Some(ApiKey { revoked_at: Some(at), ..key }));
    }
    assert_eq!(find(&world, others).await, Some(other));
}

pub async fn nothing_is_revoked_that_is_no_key_or_revoked_already(world: World) {
    let (key, _) = world.api_key(world.make.api_key("pager")).await;
    assert!(revoke(&world, key.id).await);
    let before = world.snapshot().await;
    world.tick();
    for id in [key.id, ApiKeyId::new(world.make.now(), &*world.make.entropy)] {
        assert!(!revoke(&world, id).await);
        world.assert_nothing_written(&before).await;
    }
}

pub async fn of_many_revocations_at_once_exactly_one_is_true(world: World) {
    let (key, _) = world.api_key(world.make.api_key("pager")).await;
    let outcomes = race(RACERS, |_| {
        let (world, id) = (world.clone(), key.id);
        async move { revoke(&world, id).await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1, "not exactly one revocation ended the key");
    assert_eq!(world.recorded("test.key.revoked").await, 1);
}

pub async fn a_rotation_adds_a_key_with_the_name_and_the_scopes_of_the_old_one(world: World) {
    let scopes = vec![Scope::ReadinessRead, Scope::Scim];
    let used = Some(world.make.now());
    let (old, hash) = world.api_key(ApiKey { scopes, last_used_at: used, ..world.make.api_key("pager") }).await;
    let (other, others) = world.api_key(world.make.api_key("other")).await;
    world.tick();
    let until = world.make.now() + Duration::DAY;
    let rotation = rotation(&world, old.id, until);
    let event = world.make.event("test.rotated", None);
    let outcome = world.stores.api_keys.rotate(&rotation, &event).await.unwrap();
    let new = ApiKey { name: old.name.clone(), scopes: old.scopes.clone(), ..rotation.new.clone() };
    assert_eq!(outcome, RotateKeyOutcome::Rotated(new.clone()));
    world.assert_recorded(&event).await;
    assert_eq!(find(&world, rotation.hash).await, Some(new));
    let ending = ApiKey { expires_at: Some(until), ..old };
    assert_eq!(find(&world, hash).await, Some(ending), "the old key has another end, or more of it changed");
    assert_eq!(find(&world, others).await, Some(other));
    assert_eq!(list(&world).await.len(), 3);
}

pub async fn a_rotated_key_works_until_then_or_its_own_earlier_end(world: World) {
    let now = world.make.now();
    let until = now + Duration::DAY;
    let (sooner, later) = (until - Duration::MICROSECOND, until + Duration::MICROSECOND);
    for (own, expected) in [(None, until), (Some(sooner), sooner), (Some(until), until), (Some(later), until)] {
        let (old, hash) = world.api_key(ApiKey { expires_at: own, ..world.make.api_key("pager") }).await;
        let rotation = rotation(&world, old.id, until);
        assert_ne!(rotate(&world, &rotation).await, RotateKeyOutcome::NotLive);
        assert_eq!(find(&world, hash).await.unwrap().expires_at, Some(expected), "its own end was {own:?}");
        assert_eq!(find(&world, rotation.hash).await.unwrap().expires_at, None, "the new key has an end");
    }
}

pub async fn nothing_is_rotated_that_does_not_work_at_the_time(world: World) {
    let now = world.make.now();
    let until = now + Duration::DAY;
    let ending = |at| ApiKey { expires_at: Some(at), ..world.make.api_key("pager") };
    let (revoked, _) = world.api_key(world.make.api_key("revoked")).await;
    assert!(revoke(&world, revoked.id).await);
    let (expired, _) = world.api_key(ending(now)).await;
    let (alive, _) = world.api_key(ending(now + Duration::MICROSECOND)).await;
    let before = world.snapshot().await;
    for id in [revoked.id, expired.id, ApiKeyId::new(now, &*world.make.entropy)] {
        let rotation = rotation(&world, id, until);
        assert_eq!(rotate(&world, &rotation).await, RotateKeyOutcome::NotLive);
        assert_eq!(find(&world, rotation.hash).await, None);
        world.assert_nothing_written(&before).await;
    }
    let rotated = rotate(&world, &rotation(&world, alive.id, until)).await;
    assert_ne!(rotated, RotateKeyOutcome::NotLive, "it works until its last microsecond");
}

pub async fn of_many_rotations_at_once_that_end_the_old_key_exactly_one_is_made(world: World) {
    let (old, _) = world.api_key(world.make.api_key("pager")).await;
    let outcomes = race(RACERS, |_| {
        let (world, id) = (world.clone(), old.id);
        async move { rotate(&world, &rotation(&world, id, world.make.now())).await }
    })
    .await;
    let refused = count(&outcomes, &RotateKeyOutcome::NotLive);
    assert_eq!(refused, RACERS - 1, "not exactly one rotation was made");
    assert_eq!(world.recorded("test.key.rotated").await, 1);
    assert_eq!(list(&world).await.len(), 2);
}

pub async fn rotations_and_a_revocation_at_once_are_each_all_or_nothing(world: World) {
    let (old, hash) = world.api_key(world.make.api_key("pager")).await;
    let until = world.make.now() + Duration::DAY;
    let made = race(RACERS, |number| {
        let (world, id) = (world.clone(), old.id);
        async move {
            if number == RACERS / 2 {
                assert!(revoke(&world, id).await);
                return false;
            }
            rotate(&world, &rotation(&world, id, until)).await != RotateKeyOutcome::NotLive
        }
    })
    .await;
    let made = count(&made, &true);
    assert_eq!(world.recorded("test.key.rotated").await, made, "a record of what did not happen, or none of what did");
    assert_eq!(list(&world).await.len(), 1 + made);
    assert_eq!(world.recorded("test.key.revoked").await, 1);
    assert!(find(&world, hash).await.unwrap().revoked_at.is_some(), "a rotation undid the revocation");
}

/// The rotation of a key, at the clock's time.
fn rotation(world: &World, old: ApiKeyId, old_until: OffsetDateTime) -> KeyRotation {
    // What it has for name and scopes is not what is stored.
    let new = ApiKey { scopes: vec![], ..world.make.api_key("") };
    KeyRotation { old, old_until, new, hash: world.make.api_key_hash(), at: world.make.now() }
}

async fn rotate(world: &World, rotation: &KeyRotation) -> RotateKeyOutcome {
    let event = world.make.event("test.key.rotated", None);
    world.stores.api_keys.rotate(rotation, &event).await.unwrap()
}

async fn revoke(world: &World, id: ApiKeyId) -> bool {
    let event = world.make.event("test.key.revoked", None);
    world.stores.api_keys.revoke(id, world.make.now(), &event).await.unwrap()
}

async fn find(world: &World, hash: ApiKeyHash) -> Option<ApiKey> {
    world.stores.api_keys.find(&hash).await.unwrap()
}

async fn list(world: &World) -> Vec<ApiKey> {
    world.stores.api_keys.list().await.unwrap()
}
