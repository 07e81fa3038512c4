use muster_domain::audit::RevokeReason;
use muster_domain::device::Device;
use muster_domain::session::Session;
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Closure, CodeHash, Delivery, Masked, Method, OpenOutcome};
use muster_domain::{ChallengeId, UserId};
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};
use crate::contract::world::contact;

pub async fn there_is_no_challenge_before_the_first(world: World) {
    let ada = world.user("ada").await;
    for method in Method::ALL {
        assert_eq!(world.find_challenge(&ada, method).await, None);
    }
}

pub async fn an_opened_challenge_is_found_as_it_was_given(world: World) {
    let ada = world.user("ada").await;
    let device = world.device(&ada).await;
    let challenge = Challenge {
        destination: Masked::from_stored("Ada's \u{1f4f1} ***0100".to_owned()),
        code_hash: CodeHash::from([0xff; 32]),
        resend_after: world.make.now() + Challenge::LONGEST_WAIT - Duration::MICROSECOND,
        streak: u16::MAX,
        ..world.make.push_challenge(&device)
    };
    let event = world.make.event("test.opened", Some(ada.id));
    let outcome = world.stores.verification.open_challenge(&challenge, &[], &event).await.unwrap();
    assert_eq!(outcome, OpenOutcome::Opened);
    assert_eq!(world.find_challenge(&ada, Method::Push).await, Some(challenge));
    world.assert_recorded(&event).await;
}

pub async fn a_challenge_is_opened_at_the_resend_after_of_the_one_before_it(world: World) {
    let ada = world.user("ada").await;
    let before = patient(&world, &ada).await;
    world.make.clock.set(before.resend_after);
    let challenge = world.challenge(&ada, Method::Email).await;
    assert_eq!(world.find_challenge(&ada, Method::Email).await, Some(challenge));
    assert!(!world.complete(&before).await, "the code before it still works");
    assert_eq!(world.spend(&before).await, None);
}

pub async fn a_challenge_is_refused_before_the_resend_after_of_the_one_before_it(world: World) {
    let ada = world.user("ada").await;
    let before = patient(&world, &ada).await;
    world.make.clock.set(before.resend_after - Duration::MICROSECOND);
    let snapshot = world.snapshot().await;

    let challenge = world.make.challenge(ada.id, Method::Email, contact(&ada, Method::Email));
    let outcome = world.try_open(&challenge, &[]).await;
    assert_eq!(outcome, too_soon(&before), "a challenge was opened before the wait was over");
    world.assert_nothing_written(&snapshot).await;
}

pub async fn how_a_challenge_ended_does_not_shorten_the_wait_for_the_next(world: World) {
    let ada = world.user("ada").await;
    let before = world.challenge(&ada, Method::Sms).await;
    assert!(world.complete(&before).await);
    let challenge = world.make.challenge(ada.id, Method::Sms, contact(&ada, Method::Sms));
    assert_eq!(world.try_open(&challenge, &[]).await, too_soon(&before));
}

pub async fn no_challenge_is_opened_for_a_device_that_is_not_the_persons_any_more(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (device, moved) = (world.device(&ada).await, world.device(&ada).await);
    let event = world.make.event("test.removed", Some(ada.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(ada.id, device.id), &event).await.unwrap());
    let graces = Device { id: moved.id, token: moved.token.clone(), ..world.make.device(grace.id) };
    let graces = Device { token_fingerprint: moved.token_fingerprint, ..graces };
    let before = world.snapshot().await;
    assert_eq!(world.try_open(&world.make.push_challenge(&device), &[]).await, OpenOutcome::NoDevice);
    let of_another = Challenge { user_id: grace.id, ..world.make.push_challenge(&graces) };
    assert_eq!(world.try_open(&of_another, &[]).await, OpenOutcome::NoDevice);
    world.assert_nothing_written(&before).await;
    world.challenge(&ada, Method::Email).await;
}

pub async fn no_challenge_is_opened_for_somebody_who_is_not_active(world: World) {
    let (ada, gone) = (world.user("ada").await, world.user("gone").await);
    let device = world.device(&gone).await;
    let gone = world.update(world.make.edit(&gone).deactivated().build()).await;
    let nobody = User { id: UserId::new(world.make.now(), &*world.make.entropy), ..ada.clone() };
    let before = world.snapshot().await;
    for challenge in [
        world.make.challenge(gone.id, Method::Email, contact(&gone, Method::Email)),
        world.make.push_challenge(&device),
        world.make.challenge(nobody.id, Method::Sms, contact(&nobody, Method::Sms)),
    ] {
        assert_eq!(world.try_open(&challenge, &[]).await, OpenOutcome::NoUser);
    }
    world.assert_nothing_written(&before).await;
}

/// A code is sent after its challenge was opened, so none is sent to a phone that was signed out before.
pub async fn a_sign_out_and_many_codes_at_once_leave_no_code_that_works(world: World) {
    for round in 0..5 {
        let ada = world.user(&format!("ada{round}")).await;
        let device = world.prove_push(&ada).await;
        let (session, _) = world.issue(Session { device_id: Some(device.id), ..world.make.session(ada.id) }).await;
        world.make.clock.advance(Challenge::COOLDOWN);
        let challenge = world.make.push_challenge(&device);
        let outcomes = race(8, |number| {
            let (world, session) = (world.clone(), session.clone());
            let id = ChallengeId::new(world.make.now(), &*world.make.entropy);
            let challenge = Challenge { id, ..challenge.clone() };
            async move {
                if number == 3 {
                    assert!(world.revoke(&session, RevokeReason::SignedOut).await);
                    return None;
                }
                Some((world.try_open(&challenge, &[]).await, challenge))
            }
        })
        .await;
        for (outcome, challenge) in outcomes.into_iter().flatten() {
            assert!(
                matches!(outcome, OpenOutcome::Opened | OpenOutcome::NoDevice | OpenOutcome::TooSoon { .. }),
                "{outcome:?}"
            );
            assert!(!world.complete(&challenge).await, "a code proved a phone that was signed out");
        }
        assert_eq!(world.profile(ada.id).await.devices, []);
    }
}

pub async fn a_new_challenge_starts_without_the_attempts_and_the_closure_of_the_one_before_it(world: World) {
    let ada = world.user("ada").await;
    let before = world.challenge(&ada, Method::Email).await;
    assert_eq!(world.spend(&before).await, Some(1));
    assert!(world.complete(&before).await);
    world.make.clock.advance(Challenge::COOLDOWN);
    let challenge = world.challenge(&ada, Method::Email).await;
    assert_eq!(world.find_challenge(&ada, Method::Email).await, Some(challenge.clone()));
    assert_eq!(world.spend(&challenge).await, Some(1));
}

pub async fn challenges_of_other_people_and_methods_do_not_count(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let mut opened = Vec::new();
    for user in [&ada, &grace] {
        for method in [Method::Email, Method::Sms] {
            opened.push((user, method, world.challenge(user, method).await));
        }
    }
    for (user, method, challenge) in opened {
        assert_eq!(world.find_challenge(user, method).await, Some(challenge));
    }
}

pub async fn of_many_challenges_at_once_exactly_one_is_opened(world: World) {
    let ada = world.user("ada").await;
    let racer = |_| {
        let world = world.clone();
        let challenge = world.make.challenge(ada.id, Method::Email, contact(&ada, Method::Email));
        async move { (world.try_open(&challenge, &[]).await, challenge) }
    };
    let first = race(RACERS, racer).await;
    world.make.clock.advance(Challenge::COOLDOWN);
    let second = race(RACERS, racer).await;
    for outcomes in [&first, &second] {
        let opened: Vec<_> = outcomes.iter().filter(|(outcome, _)| *outcome == OpenOutcome::Opened).collect();
        assert_eq!(opened.len(), 1, "not exactly one challenge was opened");
        let refused = too_soon(&opened[0].1);
        assert!(outcomes.iter().all(|(outcome, _)| [OpenOutcome::Opened, refused].contains(outcome)));
    }
    let winner = second.into_iter().find(|(outcome, _)| *outcome == OpenOutcome::Opened).map(|(_, winner)| winner);
    assert_eq!(world.find_challenge(&ada, Method::Email).await, winner);
    assert_eq!(world.recorded("test.opened").await, 2);
}

pub async fn a_delivery_is_noted_and_recorded_and_changes_nothing_else(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Sms).await;
    let deliveries = [
        Delivery::Accepted { provider_message_id: Some("SM0123".to_owned()) },
        Delivery::Accepted { provider_message_id: None },
        Delivery::Captured,
        Delivery::Rejected,
        Delivery::Gone,
        Delivery::Throttled,
        Delivery::Unavailable,
        Delivery::TimedOut,
    ];
    for delivery in deliveries {
        let event = world.make.event("test.sent", Some(ada.id));
        world.stores.verification.record_delivery(challenge.id, &delivery, &event).await.unwrap();
        world.assert_recorded(&event).await;
        assert_eq!(world.find_challenge(&ada, Method::Sms).await, Some(challenge.clone()));
    }
    assert!(world.complete(&challenge).await);
}

pub async fn a_delivery_of_a_replaced_challenge_is_recorded_all_the_same(world: World) {
    let ada = world.user("ada").await;
    let replaced = world.challenge(&ada, Method::Sms).await;
    world.make.clock.advance(Challenge::COOLDOWN);
    let current = world.challenge(&ada, Method::Sms).await;
    let event = world.make.event("test.sent", Some(ada.id));
    world.stores.verification.record_delivery(replaced.id, &Delivery::TimedOut, &event).await.unwrap();
    world.assert_recorded(&event).await;
    assert_eq!(world.find_challenge(&ada, Method::Sms).await, Some(current));
}

pub async fn a_wrong_code_is_counted_and_recorded(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    for failed in 1..=Challenge::MAX_ATTEMPTS {
        let event = world.make.event("test.failed", Some(ada.id));
        let spent = world.stores.verification.spend_attempt(challenge.id, world.make.now(), &event).await.unwrap();
        assert_eq!(spent, Some(failed));
        world.assert_recorded(&event).await;
        let expected = Challenge { failed_attempts: failed, ..challenge.clone() };
        assert_eq!(world.find_challenge(&ada, Method::Email).await, Some(expected));
    }
}

pub async fn no_wrong_code_is_counted_past_the_limit(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    for _ in 0..Challenge::MAX_ATTEMPTS {
        world.spend(&challenge).await.unwrap();
    }
    let before = world.snapshot().await;
    assert_eq!(world.spend(&challenge).await, None, "a wrong code past the limit was counted");
    world.assert_nothing_written(&before).await;
}

pub async fn no_wrong_code_is_counted_at_or_after_the_expiry(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    world.make.clock.set(challenge.expires_at - Duration::MICROSECOND);
    assert_eq!(world.spend(&challenge).await, Some(1));
    world.make.clock.set(challenge.expires_at);
    let before = world.snapshot().await;
    assert_eq!(world.spend(&challenge).await, None);
    world.assert_nothing_written(&before).await;
}

pub async fn no_wrong_code_is_counted_against_a_closed_challenge(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    assert!(world.complete(&challenge).await);
    let before = world.snapshot().await;
    assert_eq!(world.spend(&challenge).await, None);
    world.assert_nothing_written(&before).await;
    let found = world.find_challenge(&ada, Method::Email).await.unwrap();
    assert_eq!(found.closure, Some(Closure::Completed { at: world.make.now() }));
}

pub async fn no_wrong_code_is_counted_against_an_unknown_challenge(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    let unknown = ChallengeId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    assert_eq!(world.spend(&Challenge { id: unknown, ..challenge }).await, None);
    world.assert_nothing_written(&before).await;
}

pub async fn however_many_wrong_codes_come_at_once_none_gets_past_the_limit(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    let outcomes = race(RACERS, |_| {
        let (world, challenge) = (world.clone(), challenge.clone());
        async move { world.spend(&challenge).await }
    })
    .await;
    for failed in 1..=Challenge::MAX_ATTEMPTS {
        assert_eq!(count(&outcomes, &Some(failed)), 1, "attempt {failed} was counted more or less than once");
    }
    let refused = RACERS - usize::from(Challenge::MAX_ATTEMPTS);
    assert_eq!(count(&outcomes, &None), refused, "a wrong code got past the limit");
    assert_eq!(world.recorded("test.challenge.failed").await, usize::from(Challenge::MAX_ATTEMPTS));
    let found = world.find_challenge(&ada, Method::Email).await.unwrap();
    assert_eq!(found.failed_attempts, Challenge::MAX_ATTEMPTS);
}

/// Opens a challenge after which the next must wait longer than usual.
async fn patient(world: &World, user: &User) -> Challenge {
    let challenge = world.make.challenge(user.id, Method::Email, contact(user, Method::Email));
    let resend_after = challenge.opened_at + 7 * Challenge::COOLDOWN;
    world.open(Challenge { resend_after, streak: 5, ..challenge }).await
}

fn too_soon(before: &Challenge) -> OpenOutcome {
    OpenOutcome::TooSoon { opened_at: before.opened_at, resend_after: before.resend_after }
}
