use muster_domain::audit::RevokeReason;
use muster_domain::session::{IssueOutcome, RefreshCandidate, Revocation, Session, StoredToken};
use muster_domain::user::User;
use muster_domain::verification::Method;
use muster_domain::{DeviceId, SessionId, UserId};
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};
use crate::contract::world::sorted;

pub async fn an_issued_session_reads_back_as_it_was_given(world: World) {
    let ada = world.user("ada").await;
    let device = world.prove_push(&ada).await;
    let full = Session { device_id: Some(device.id), ..world.make.session(ada.id) };
    let bare = Session { device_name: None, ..world.make.session(ada.id) };
    for session in [full, bare] {
        let opening = world.make.opening(session.clone());
        let (token, event) = (opening.token, world.make.event("test.issued", Some(ada.id)));
        let outcome = world.stores.sessions.issue(&opening, &event).await.unwrap();
        assert_eq!(outcome, IssueOutcome::Issued);
        world.assert_recorded(&event).await;
        let candidate = load(&world, &token).await;
        let profile = world.profile(ada.id).await;
        assert_eq!(candidate, RefreshCandidate { token, session, profile });
    }
}

pub async fn no_session_is_issued_unless_its_owner_is_active(world: World) {
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    for owner in [gone.id, nobody] {
        assert_refused(&world, &world.make.session(owner), IssueOutcome::NoUser).await;
        world.assert_nothing_written(&before).await;
    }
}

pub async fn no_session_is_issued_unless_its_device_is_the_owners(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let graces = world.device(&grace).await;
    let unknown = DeviceId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    for id in [graces.id, unknown] {
        let session = Session { device_id: Some(id), ..world.make.session(ada.id) };
        assert_refused(&world, &session, IssueOutcome::NoDevice).await;
        world.assert_nothing_written(&before).await;
    }
}

pub async fn an_unknown_token_has_no_candidate_and_no_family(world: World) {
    let ada = world.user("ada").await;
    world.session(&ada).await;
    let unknown = world.make.token();
    assert_eq!(world.stores.sessions.load_for_refresh(&unknown.hash).await.unwrap(), None);
    assert_eq!(world.stores.sessions.find_family(&unknown.hash).await.unwrap(), None);
}

pub async fn a_candidate_shows_what_was_committed_last(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    world.prove(&ada, Method::Email).await;
    let ada = world.update(world.make.edit(&ada).deactivated().build()).await;
    let candidate = load(&world, &token).await;
    assert_eq!(candidate.session, session);
    assert_eq!(candidate.profile.user, ada, "a refresh is decided by what was, not by what is");
    assert_eq!(candidate.profile, world.profile(ada.id).await);
}

pub async fn a_live_session_of_that_person_is_revoked(world: World) {
    let ada = world.user("ada").await;
    let reasons = [
        RevokeReason::SignedOut,
        RevokeReason::RevokedByOwner,
        RevokeReason::RevokedByOperator,
        RevokeReason::Replayed,
        RevokeReason::Deactivated,
        RevokeReason::TooMany,
        RevokeReason::DeviceRemoved,
        RevokeReason::DeviceReleased,
    ];
    for reason in reasons {
        let (session, token) = world.session(&ada).await;
        let (_, others) = world.session(&ada).await;
        world.tick();
        let at = world.make.now();
        let events = ["test.first", "test.second"].map(|action| world.make.event(action, Some(ada.id)));
        let ending = world.make.ending(reason, Some(ada.id));
        assert!(world.stores.sessions.revoke(ada.id, session.id, &ending, &events).await.unwrap());
        world.assert_recorded(&ending.session.copy_for(0, "sessionId", session.id.to_string())).await;
        let revoked = Session { revocation: Some(Revocation { at, reason }), ..session };
        assert_eq!(load(&world, &token).await.session, revoked);
        assert_eq!(load(&world, &others).await.session.revocation, None);
        for event in &events {
            world.assert_recorded(event).await;
        }
    }
}

pub async fn no_session_is_revoked_that_is_not_live_and_that_persons(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (session, _) = world.session(&ada).await;
    let (revoked, _) = world.session(&ada).await;
    assert!(revoke(&world, ada.id, revoked.id).await);
    let (expired, _) = world.issue(Session { expires_at: world.make.now(), ..world.make.session(ada.id) }).await;
    let before = world.snapshot().await;
    assert!(!revoke(&world, grace.id, session.id).await, "it is another person's");
    assert!(!revoke(&world, ada.id, revoked.id).await, "it is revoked");
    assert!(!revoke(&world, ada.id, expired.id).await, "it is expired");
    assert!(!revoke(&world, ada.id, SessionId::new(world.make.now(), &*world.make.entropy)).await, "there is none");
    world.assert_nothing_written(&before).await;
    world.make.clock.set(session.expires_at - Duration::MICROSECOND);
    assert!(revoke(&world, ada.id, session.id).await, "it lives until its last microsecond");
}

pub async fn of_many_revocations_at_once_exactly_one_is_true(world: World) {
    let ada = world.user("ada").await;
    let (session, _) = world.session(&ada).await;
    let outcomes = race(RACERS, |_| {
        let world = world.clone();
        let (owner, id) = (ada.id, session.id);
        async move { revoke(&world, owner, id).await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1, "not exactly one revocation ended the session");
    assert_eq!(world.recorded("test.session.revoked").await, 1);
}

pub async fn the_family_of_a_token_is_found_dead_or_alive(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    let (expired, old) = world.issue(Session { expires_at: world.make.now(), ..world.make.session(ada.id) }).await;
    let family = async |token: &StoredToken| world.stores.sessions.find_family(&token.hash).await.unwrap();
    assert_eq!(family(&token).await, Some((session.id, ada.id)));
    assert_eq!(family(&old).await, Some((expired.id, ada.id)));
    assert!(revoke(&world, ada.id, session.id).await);
    assert_eq!(family(&token).await, Some((session.id, ada.id)));
}

pub async fn live_sessions_are_listed_the_one_used_last_first(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.session(&grace).await;
    assert_eq!(list(&world, &ada).await, []);
    let mut expected = Vec::new();
    for age in [1, 2, 0, 1, 1] {
        let last_used_at = world.make.now() - Duration::microseconds(age);
        expected.push(world.issue(Session { last_used_at, ..world.make.session(ada.id) }).await.0);
    }
    expected.sort_by_key(|session| std::cmp::Reverse((session.last_used_at, session.id)));
    assert_eq!(list(&world, &ada).await, expected);
}

pub async fn only_live_sessions_are_listed(world: World) {
    let ada = world.user("ada").await;
    let (revoked, _) = world.session(&ada).await;
    let (short, _) =
        world.issue(Session { expires_at: world.make.now() + Duration::HOUR, ..world.make.session(ada.id) }).await;
    assert!(revoke(&world, ada.id, revoked.id).await);
    let expires_at = short.expires_at;
    world.make.clock.set(expires_at - Duration::MICROSECOND);
    assert_eq!(list(&world, &ada).await, [short]);
    world.make.clock.set(expires_at);
    assert_eq!(list(&world, &ada).await, []);
}

async fn assert_refused(world: &World, session: &Session, expected: IssueOutcome) {
    let opening = world.make.opening(session.clone());
    assert_eq!(world.try_issue(&opening).await, expected);
    assert_eq!(world.stores.sessions.find_family(&opening.token.hash).await.unwrap(), None);
}

async fn load(world: &World, token: &StoredToken) -> RefreshCandidate {
    let candidate = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap();
    RefreshCandidate { profile: sorted(candidate.profile), ..candidate }
}

async fn list(world: &World, user: &User) -> Vec<Session> {
    world.stores.sessions.list(user.id, world.make.now()).await.unwrap()
}

async fn revoke(world: &World, owner: UserId, id: SessionId) -> bool {
    let event = world.make.event("test.session.revoked", Some(owner));
    world.stores.sessions.revoke(owner, id, &world.ending(RevokeReason::RevokedByOwner, event), &[]).await.unwrap()
}
