use std::net::{IpAddr, Ipv4Addr};

use muster_domain::audit::RevokeReason;
use muster_domain::break_glass::{AttemptLimit, Refusal};
use muster_domain::directory::{Brake, BrakePolicy, UpdateOutcome};
use muster_domain::housekeeping::{Purged, Stale};
use muster_domain::session::{RotateOutcome, Rotation, Session, StoredToken};
use muster_domain::user::User;
use muster_domain::verification::{
    Challenge, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow, RefusalReason, Refused,
};
use time::{Duration, OffsetDateTime};

use crate::FakeHasher;
use crate::contract::World;
use crate::contract::world::contact;

const TICK: Duration = Duration::MICROSECOND;

pub async fn only_what_is_older_is_removed(world: World) {
    for what in Stale::ALL {
        let at = fill(&world, what, 3).await;
        assert_eq!(purge(&world, what, at, 9).await, 0, "{what:?} of that very time went");
        assert_eq!(purge(&world, what, at + TICK, 9).await, 3, "{what:?} of before stayed");
        assert_eq!(purge(&world, what, at + TICK, 9).await, 0, "{what:?} went twice");
    }
}

pub async fn no_more_than_the_limit_is_removed_and_told_how_many(world: World) {
    for what in Stale::ALL {
        let before = fill(&world, what, 5).await + TICK;
        let mut removed = Vec::new();
        for _ in 0..4 {
            removed.push(purge(&world, what, before, 2).await);
        }
        assert_eq!(removed, [2, 2, 1, 0], "{what:?}");
    }
}

pub async fn a_walk_removes_all_that_has_served_its_time_and_ends(world: World) {
    for what in Stale::ALL {
        let before = fill(&world, what, 7).await + TICK;
        assert_eq!(backlog(&world, what, before).await, 7, "{what:?}: not the backlog that a walk removes");
        assert_eq!(backlog(&world, what, before - TICK).await, 0, "{what:?}: what is of that very time is no backlog");
        let (mut from, mut removed) = (None, 0);
        for batches in 1.. {
            let purged = world.stores.housekeeping.purge(what, before, from, 2).await.unwrap();
            assert!(purged.removed <= 2, "{what:?}: more than the limit");
            removed += purged.removed;
            from = purged.next;
            if from.is_none() {
                break;
            }
            assert!(batches < 20, "{what:?}: a walk does not end");
        }
        assert_eq!(removed, 7, "{what:?}: a walk left something");
        assert_eq!(backlog(&world, what, before).await, 0, "{what:?}: what was removed is backlog still");
        let next = world.stores.housekeeping.purge(what, before, None, 2).await.unwrap();
        assert_eq!(next, Purged { removed: 0, next: None }, "{what:?}: a walk over nothing has more than one batch");
    }
}

pub async fn what_is_removed_of_one_kind_leaves_the_others(world: World) {
    for kept in Stale::ALL {
        let at = fill(&world, kept, 2).await;
        // Sessions take their tokens along, and those are among the others.
        let others = Stale::ALL.into_iter().filter(|what| *what != kept);
        for other in others.filter(|other| (*other, kept) != (Stale::Sessions, Stale::RefreshTokens)) {
            purge(&world, other, at + Duration::days(400), 100).await;
        }
        assert_eq!(purge(&world, kept, at + TICK, 9).await, 2, "{kept:?} went with another kind");
    }
}

pub async fn a_removal_is_not_recorded(world: World) {
    for what in Stale::ALL {
        let at = fill(&world, what, 2).await;
        let trail = world.trail().await;
        assert_eq!(purge(&world, what, at + TICK, 9).await, 2);
        assert_eq!(world.trail().await, trail, "{what:?}");
    }
}

pub async fn challenges_go_by_the_later_of_their_expiry_and_the_end_of_the_wait(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let now = world.make.now();
    let of = |user: &User| world.make.challenge(user.id, Method::Email, contact(user, Method::Email));
    let adas = world.open(Challenge { resend_after: now + Duration::DAY, ..of(&ada) }).await;
    let graces = world.open(Challenge { expires_at: now + Duration::DAY, ..of(&grace) }).await;
    assert_eq!(purge(&world, Stale::Challenges, now + Duration::DAY, 9).await, 0, "one is still waited for");
    assert_eq!(world.find_challenge(&ada, Method::Email).await, Some(adas));
    assert_eq!(world.find_challenge(&grace, Method::Email).await, Some(graces));
    assert_eq!(purge(&world, Stale::Challenges, now + Duration::DAY + TICK, 9).await, 2);
    for user in [&ada, &grace] {
        assert_eq!(world.find_challenge(user, Method::Email).await, None);
    }
}

pub async fn a_persons_next_code_makes_their_challenge_again(world: World) {
    let ada = world.user("ada").await;
    world.prove(&ada, Method::Email).await;
    let proofs = world.profile(ada.id).await.proofs;
    world.make.clock.advance(Duration::days(3));
    assert_eq!(purge(&world, Stale::Challenges, world.make.now(), 9).await, 1);
    assert_eq!(world.profile(ada.id).await.proofs, proofs, "a proof went with its challenge");
    let next = world.challenge(&ada, Method::Email).await;
    assert_eq!(world.find_challenge(&ada, Method::Email).await, Some(next.clone()));
    world.tick();
    assert!(world.complete(&next).await);
}

pub async fn a_session_goes_by_its_end_with_all_its_tokens(world: World) {
    let ada = world.user("ada").await;
    let now = world.make.now();
    let (expired, first) = world.issue(Session { expires_at: now, ..world.make.session(ada.id) }).await;
    let (revoked, only) = world.session(&ada).await;
    let (late, lates) = world.issue(Session { expires_at: now, ..world.make.session(ada.id) }).await;
    let (live, lives) =
        world.issue(Session { created_at: OffsetDateTime::UNIX_EPOCH, ..world.make.session(ada.id) }).await;
    world.make.clock.set(now - TICK);
    let second = rotated(&world, &expired, &first).await;
    let third = rotated(&world, &expired, &second).await;
    assert!(revoke(&world, &revoked).await && revoke(&world, &late).await);

    assert_eq!(purge(&world, Stale::Sessions, now - TICK, 9).await, 0);
    assert_eq!(purge(&world, Stale::Sessions, now, 9).await, 2, "not those that were ended, by when they were");
    for token in [&only, &lates] {
        assert_gone(&world, token).await;
    }
    assert_eq!(world.stores.sessions.find_family(&third.hash).await.unwrap(), Some((expired.id, ada.id)));
    assert_eq!(purge(&world, Stale::Sessions, now + TICK, 9).await, 1);
    for token in [&first, &second, &third] {
        assert_gone(&world, token).await;
    }
    assert_eq!(world.stores.sessions.list(ada.id, now).await.unwrap(), std::slice::from_ref(&live));
    rotated(&world, &live, &lives).await;
}

pub async fn superseded_tokens_go_while_their_session_goes_on(world: World) {
    let ada = world.user("ada").await;
    let (session, first) = world.session(&ada).await;
    let second = rotated(&world, &session, &first).await;
    let third = rotated(&world, &session, &second).await;
    world.tick();
    let superseded = world.make.now();
    let fourth = rotated(&world, &session, &third).await;

    let removed = purge(&world, Stale::RefreshTokens, superseded, 9).await;
    assert_eq!(removed, 1, "not only the first was superseded by then");
    assert_gone(&world, &first).await;
    let candidate = world.stores.sessions.load_for_refresh(&second.hash).await.unwrap().unwrap();
    assert_eq!(candidate.token.superseded_at, Some(superseded));
    // However much later: those that work are in use.
    assert_eq!(purge(&world, Stale::RefreshTokens, superseded + Duration::days(400), 9).await, 1);
    assert_gone(&world, &second).await;
    let sessions = world.stores.sessions.list(ada.id, superseded).await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [session.id]);
    for token in [&third, &fourth] {
        let found = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap();
        assert_eq!(found.map(|candidate| candidate.token), Some(*token), "a token that works went");
    }
    rotated(&world, &session, &fourth).await;
}

pub async fn a_count_of_codes_that_went_begins_anew(world: World) {
    let ada = world.user("ada").await;
    let quota = [Quota { scope: QuotaScope::User(ada.id), window: QuotaWindow::Day, max: 1 }];
    assert_eq!(world.try_open(&patient(&world, &ada), &quota).await, OpenOutcome::Opened);
    let began = world.make.now();
    world.make.clock.advance(Duration::HOUR);
    let until = began + Duration::DAY;
    assert_eq!(purge(&world, Stale::SendCounts, began, 9).await, 0);
    let refused = world.try_open(&patient(&world, &ada), &quota).await;
    assert_eq!(refused, OpenOutcome::OverQuota { scope: quota[0].scope, until }, "a count went before its time");
    assert_eq!(purge(&world, Stale::SendCounts, began + TICK, 9).await, 1);
    assert_eq!(world.try_open(&patient(&world, &ada), &quota).await, OpenOutcome::Opened);
}

pub async fn a_refusal_whose_note_went_is_recorded_again(world: World) {
    let ada = world.user("ada").await;
    let noted = world.make.now();
    assert!(refuse(&world, &ada, noted - Duration::DAY).await);
    world.make.clock.advance(Duration::HOUR);
    assert_eq!(purge(&world, Stale::SendRefusals, noted, 9).await, 0);
    assert!(!refuse(&world, &ada, noted - Duration::DAY).await, "a note went before its time");
    assert_eq!(purge(&world, Stale::SendRefusals, noted + TICK, 9).await, 1);
    assert!(refuse(&world, &ada, noted - Duration::DAY).await);
}

pub async fn a_count_of_sign_ins_that_went_begins_anew(world: World) {
    let limit = AttemptLimit { address: address(1), max: 1, window: Duration::DAY };
    let attempt = async || world.stores.break_glass.count_attempt(&limit, world.make.now()).await.unwrap();
    let began = world.make.now();
    assert_eq!(attempt().await, None);
    world.make.clock.advance(Duration::HOUR);
    assert_eq!(purge(&world, Stale::SignInAttempts, began, 9).await, 0);
    assert_eq!(attempt().await, Some(began + Duration::DAY), "a count went before its time");
    assert_eq!(purge(&world, Stale::SignInAttempts, began + TICK, 9).await, 1);
    assert_eq!(attempt().await, None);
}

pub async fn refused_deactivations_stay_while_the_brake_holds(world: World) {
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(world.user(&format!("u{number}")).await);
    }
    world.make.clock.advance(Brake::WINDOW);
    let two = BrakePolicy { percent: 1, free: 2 };
    for (number, user) in people.iter().enumerate() {
        let expected = if number < 2 { UpdateOutcome::Updated } else { UpdateOutcome::Braked };
        assert_eq!(stop(&world, "okta", user, two).await, expected);
    }
    let held = world.stores.directory.engaged_brakes().await.unwrap();
    assert_eq!((held.len(), held[0].refused), (1, 2));
    let later = world.make.now() + Duration::days(400);
    assert_eq!(purge(&world, Stale::Deactivations, later, 9).await, 2, "not those alone that were counted");
    assert_eq!(world.stores.directory.engaged_brakes().await.unwrap(), held, "a brake that holds was forgotten");
    assert_eq!(stop(&world, "okta", &people[2], two).await, UpdateOutcome::Braked);
    assert_eq!(world.recorded("test.brake.refused").await, 2, "a refusal that stays is recorded again");
}

async fn backlog(world: &World, what: Stale, before: OffsetDateTime) -> u64 {
    world.stores.housekeeping.backlog(what, before).await.unwrap()
}

/// One batch from the first row on: as many rows as the contract writes are one batch at the most.
pub(super) async fn purge(world: &World, what: Stale, before: OffsetDateTime, limit: u16) -> u64 {
    world.stores.housekeeping.purge(what, before, None, limit).await.unwrap().removed
}

/// Adds as many of a kind as told, all of the time that is returned.
pub(super) async fn fill(world: &World, what: Stale, count: usize) -> OffsetDateTime {
    world.make.clock.advance(Duration::days(200));
    // What is left of earlier kinds: the sessions of tokens, the challenges of counts.
    purge(world, what, world.make.now(), 1_000).await;
    let batch = world.make.now().unix_timestamp();
    let mut at = world.make.now();
    for number in 0..count {
        let name = format!("{batch}-{number}");
        match what {
            Stale::Challenges => {
                let user = world.user(&name).await;
                at = world.challenge(&user, Method::Email).await.expires_at;
            }
            Stale::Sessions => {
                let user = world.user(&name).await;
                at = world.session(&user).await.0.expires_at;
            }
            Stale::RefreshTokens => {
                let user = world.user(&name).await;
                let (session, first) = world.session(&user).await;
                let second = rotated(world, &session, &first).await;
                rotated(world, &session, &second).await;
            }
            Stale::SendCounts => {
                let user = world.user(&name).await;
                let quota = Quota { scope: QuotaScope::User(user.id), window: QuotaWindow::Hour, max: 1 };
                assert_eq!(world.try_open(&patient(world, &user), &[quota]).await, OpenOutcome::Opened);
            }
            Stale::SendRefusals => {
                let user = world.user(&name).await;
                assert!(refuse(world, &user, at).await);
            }
            Stale::SignInAttempts => {
                let refusal = Refusal { at, ..world.make.refusal(Some(&name)) };
                assert_eq!(world.stores.break_glass.record_refusal(&refusal).await.unwrap(), 1);
            }
            Stale::Deactivations => {
                let user = world.user(&name).await;
                let many = BrakePolicy { percent: 1, free: 1_000 };
                assert_eq!(stop(world, &name, &user, many).await, UpdateOutcome::Updated);
            }
        }
    }
    at
}

/// A challenge after which the next may be opened at once.
pub(super) fn patient(world: &World, user: &User) -> Challenge {
    let challenge = world.make.challenge(user.id, Method::Email, contact(user, Method::Email));
    Challenge { resend_after: challenge.opened_at, ..challenge }
}

pub(super) async fn refuse(world: &World, user: &User, cutoff: OffsetDateTime) -> bool {
    let refused =
        Refused { user_id: user.id, method: Method::Email, reason: RefusalReason::TooSoon, at: world.make.now() };
    let event = world.make.event("test.refused", Some(user.id));
    world.stores.verification.record_refusal(&refused, cutoff, &event).await.unwrap()
}

/// Rotates a token and returns its successor.
pub(super) async fn rotated(world: &World, session: &Session, token: &StoredToken) -> StoredToken {
    let successor = StoredToken { parent: Some(token.hash), ..world.make.token() };
    let rotation = Rotation {
        session_id: session.id,
        presented: token.hash,
        parent: token.parent,
        successor: successor.hash,
        successor_salt: successor.salt,
        successor_key: FakeHasher::key_id(0),
        at: world.make.now(),
    };
    let event = world.make.event("test.session.rotated", Some(session.user_id));
    assert_eq!(world.stores.sessions.rotate(&rotation, &event).await.unwrap(), RotateOutcome::Rotated);
    successor
}

async fn revoke(world: &World, session: &Session) -> bool {
    let event = world.make.event("test.session.revoked", Some(session.user_id));
    let reason = RevokeReason::RevokedByOwner;
    world.stores.sessions.revoke(session.user_id, session.id, &world.ending(reason, event), &[]).await.unwrap()
}

async fn stop(world: &World, client: &str, user: &User, policy: BrakePolicy) -> UpdateOutcome {
    let mut update = world.next(User { active: false, ..user.clone() }, &[]);
    update.deactivates = true;
    update.brake = Some(world.make.brake(client, policy, user.id));
    let event = world.make.event("test.stopped", Some(user.id));
    world.stores.directory.update_user(&update, &[event]).await.unwrap()
}

async fn assert_gone(world: &World, token: &StoredToken) {
    assert_eq!(world.stores.sessions.load_for_refresh(&token.hash).await.unwrap(), None, "a token stayed");
    assert_eq!(world.stores.sessions.find_family(&token.hash).await.unwrap(), None, "a token stayed");
}

/// One of many addresses.
pub(super) fn address(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))
}
