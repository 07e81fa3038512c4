use muster_domain::SessionId;
use muster_domain::audit::RevokeReason;
use muster_domain::session::{RotateOutcome, Rotation, Session, StoredToken, TokenHash};
use time::Duration;

use crate::FakeHasher;
use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn the_first_rotation_stores_the_successor_and_supersedes_nothing(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    world.tick();
    let rotation = next(&world, &session, &token);
    let event = world.make.event("test.rotated", Some(ada.id));
    let outcome = world.stores.sessions.rotate(&rotation, &event).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Rotated);
    world.assert_recorded(&event).await;

    assert_eq!(load(&world, token.hash).await.0, token);
    let (successor, seen) = load(&world, rotation.successor).await;
    assert_eq!(successor, stored(&rotation));
    assert_eq!(seen, Session { last_used_at: rotation.at, ..session });
    let family = world.stores.sessions.find_family(&rotation.successor).await.unwrap();
    assert_eq!(family, Some((seen.id, ada.id)));
}

pub async fn the_successors_first_use_supersedes_the_parent(world: World) {
    let ada = world.user("ada").await;
    let (session, first) = world.session(&ada).await;
    let second = rotated(&world, &session, &first).await;
    world.tick();
    let third = rotated(&world, &session, &second).await;
    let superseded_at = Some(world.make.now());
    assert_eq!(load(&world, first.hash).await.0, StoredToken { superseded_at, ..first });
    assert_eq!(load(&world, second.hash).await.0, second);
    assert_eq!(third.parent, Some(second.hash));

    // A retry of the second token does not move the time of its first use.
    world.tick();
    assert_eq!(rotate(&world, &next(&world, &session, &second)).await, RotateOutcome::Rotated);
    assert_eq!(load(&world, first.hash).await.0, StoredToken { superseded_at, ..first });
}

pub async fn a_repeated_rotation_keeps_the_successor_with_the_salt_of_the_first(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    let first = next(&world, &session, &token);
    assert_eq!(rotate(&world, &first).await, RotateOutcome::Rotated);
    world.tick();
    let successor_key = FakeHasher::key_id(1);
    let again = Rotation { successor_salt: world.make.salt(), successor_key, at: world.make.now(), ..first };
    let event = world.make.event("test.repeated", Some(ada.id));
    assert_eq!(world.stores.sessions.rotate(&again, &event).await.unwrap(), RotateOutcome::Rotated);
    let (successor, seen) = load(&world, first.successor).await;
    assert_eq!(successor, stored(&first));
    assert_eq!(seen.last_used_at, again.at);
    world.assert_recorded(&event).await;
}

pub async fn a_superseded_token_is_overtaken(world: World) {
    let ada = world.user("ada").await;
    let (session, first) = world.session(&ada).await;
    let second = rotated(&world, &session, &first).await;
    rotated(&world, &session, &second).await;
    world.tick();
    assert_overtaken(&world, &Rotation { successor: second.hash, ..next(&world, &session, &first) }).await;
}

pub async fn a_token_of_a_revoked_session_is_overtaken(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    let event = world.make.event("test.revoked", Some(ada.id));
    let reason = RevokeReason::SignedOut;
    assert!(world.stores.sessions.revoke(ada.id, session.id, &world.ending(reason, event), &[]).await.unwrap());
    assert_overtaken(&world, &next(&world, &session, &token)).await;
}

pub async fn a_token_of_a_session_that_is_expired_at_the_time_is_overtaken(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    world.make.clock.set(session.expires_at - Duration::MICROSECOND);
    let token = rotated(&world, &session, &token).await;
    world.make.clock.set(session.expires_at);
    assert_overtaken(&world, &next(&world, &session, &token)).await;
}

pub async fn a_token_of_a_deactivated_owner_is_overtaken(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    // The session itself is left alive: the owner alone decides.
    world.update(world.make.edit(&ada).deactivated().build()).await;
    assert_overtaken(&world, &next(&world, &session, &token)).await;
}

pub async fn an_unknown_token_is_overtaken(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (session, token) = world.session(&ada).await;
    let (graces, _) = world.session(&grace).await;
    assert_overtaken(&world, &next(&world, &session, &world.make.token())).await;
    let nowhere = SessionId::new(world.make.now(), &*world.make.entropy);
    assert_overtaken(&world, &Rotation { session_id: nowhere, ..next(&world, &session, &token) }).await;
    assert_overtaken(&world, &next(&world, &graces, &token)).await;
}

pub async fn many_rotations_of_one_token_at_once_leave_exactly_one_successor(world: World) {
    let ada = world.user("ada").await;
    let (session, mut token) = world.session(&ada).await;
    for round in 1..=2 {
        world.tick();
        let planned = next(&world, &session, &token);
        let outcomes = race(RACERS, |_| {
            let world = world.clone();
            let rotation = Rotation { successor_salt: world.make.salt(), ..planned };
            async move { (rotate(&world, &rotation).await, rotation.successor_salt) }
        })
        .await;
        assert!(outcomes.iter().all(|(outcome, _)| *outcome == RotateOutcome::Rotated));
        let (successor, _) = load(&world, planned.successor).await;
        assert_eq!(successor, StoredToken { salt: successor.salt, ..stored(&planned) });
        assert!(outcomes.iter().any(|(_, salt)| *salt == successor.salt), "the salt is nobody's");
        assert_eq!(world.recorded("test.session.rotated").await, round * RACERS);
        token = successor;
    }
}

pub async fn rotations_and_a_revocation_at_once_leave_no_record_of_what_did_not_happen(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    let planned = next(&world, &session, &token);
    let outcomes = race(RACERS, |number| {
        let (world, owner, id) = (world.clone(), ada.id, session.id);
        async move {
            if number == 7 {
                let event = world.make.event("test.revoked", Some(owner));
                let reason = RevokeReason::RevokedByOwner;
                assert!(world.stores.sessions.revoke(owner, id, &world.ending(reason, event), &[]).await.unwrap());
                return RotateOutcome::Overtaken;
            }
            rotate(&world, &planned).await
        }
    })
    .await;
    let rotated = count(&outcomes, &RotateOutcome::Rotated);
    assert_eq!(world.recorded("test.session.rotated").await, rotated);
    let successor = world.stores.sessions.find_family(&planned.successor).await.unwrap();
    assert_eq!(successor.is_some(), rotated > 0);
    assert_overtaken(&world, &planned).await;
}

pub async fn a_token_and_its_successor_used_at_once_leave_one_line_of_descent(world: World) {
    let ada = world.user("ada").await;
    let (session, first) = world.session(&ada).await;
    let to_second = next(&world, &session, &first);
    assert_eq!(rotate(&world, &to_second).await, RotateOutcome::Rotated);
    let to_third = next(&world, &session, &stored(&to_second));
    let outcomes = race(RACERS, |number| {
        let (world, rotation) = (world.clone(), if number % 2 == 0 { to_second } else { to_third });
        async move { (number % 2, rotate(&world, &rotation).await) }
    })
    .await;
    assert_eq!(count(&outcomes, &(1, RotateOutcome::Rotated)), RACERS / 2, "a successor always works");
    let superseded_at = Some(world.make.now());
    assert_eq!(load(&world, first.hash).await.0, StoredToken { superseded_at, ..first });
    assert_eq!(load(&world, to_second.successor).await.0, stored(&to_second));
    assert_eq!(load(&world, to_third.successor).await.0, stored(&to_third));
    assert_overtaken(&world, &to_second).await;
}

/// One step down from `token`.
fn next(world: &World, session: &Session, token: &StoredToken) -> Rotation {
    Rotation {
        session_id: session.id,
        presented: token.hash,
        parent: token.parent,
        successor: world.make.token().hash,
        successor_salt: world.make.salt(),
        successor_key: FakeHasher::key_id(0),
        at: world.make.now(),
    }
}

/// What the store keeps of a successor.
fn stored(rotation: &Rotation) -> StoredToken {
    StoredToken {
        hash: rotation.successor,
        parent: Some(rotation.presented),
        salt: rotation.successor_salt,
        successor_key: Some(rotation.successor_key),
        superseded_at: None,
    }
}

async fn rotate(world: &World, rotation: &Rotation) -> RotateOutcome {
    let event = world.make.event("test.session.rotated", None);
    world.stores.sessions.rotate(rotation, &event).await.unwrap()
}

async fn rotated(world: &World, session: &Session, token: &StoredToken) -> StoredToken {
    let rotation = next(world, session, token);
    assert_eq!(rotate(world, &rotation).await, RotateOutcome::Rotated);
    stored(&rotation)
}

async fn load(world: &World, hash: TokenHash) -> (StoredToken, Session) {
    let candidate = world.stores.sessions.load_for_refresh(&hash).await.unwrap().unwrap();
    (candidate.token, candidate.session)
}

async fn assert_overtaken(world: &World, rotation: &Rotation) {
    let known = world.stores.sessions.load_for_refresh(&rotation.presented).await.unwrap();
    let successor = world.stores.sessions.load_for_refresh(&rotation.successor).await.unwrap();
    let before = world.snapshot().await;
    assert_eq!(rotate(world, rotation).await, RotateOutcome::Overtaken);
    world.assert_nothing_written(&before).await;
    assert_eq!(world.stores.sessions.load_for_refresh(&rotation.presented).await.unwrap(), known);
    assert_eq!(world.stores.sessions.load_for_refresh(&rotation.successor).await.unwrap(), successor);
}
