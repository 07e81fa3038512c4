use muster_domain::ChallengeId;
use muster_domain::device::Device;
use muster_domain::user::EmailAddress;
use muster_domain::verification::{Challenge, Closure, Fingerprint, Method, Proof};
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn the_right_code_closes_the_challenge_and_proves_the_destination(world: World) {
    let ada = world.user("ada").await;
    for method in [Method::Email, Method::Sms] {
        let challenge = world.challenge(&ada, method).await;
        world.tick();
        let at = world.make.now();
        let event = world.make.event("test.completed", Some(ada.id));
        assert!(
            world
                .stores
                .verification
                .complete_challenge(challenge.id, &challenge.fingerprint, at, &event)
                .await
                .unwrap()
        );
        world.assert_recorded(&event).await;

        let closed = Challenge { closure: Some(Closure::Completed { at }), ..challenge.clone() };
        assert_eq!(world.find_challenge(&ada, method).await, Some(closed));
        let proof = Proof { method, fingerprint: challenge.fingerprint, verified_at: at };
        assert!(world.profile(ada.id).await.proofs.contains(&proof));
    }
}

pub async fn a_push_proof_is_put_on_the_challenges_device(world: World) {
    let ada = world.user("ada").await;
    let (other, device) = (world.device(&ada).await, world.device(&ada).await);
    let challenge = world.open(world.make.push_challenge(&device)).await;
    world.tick();
    assert!(world.complete(&challenge).await);
    let profile = world.profile(ada.id).await;
    assert_eq!(profile.proofs, []);
    let proven = |id| profile.devices.iter().find(|device| device.id == id).unwrap().verified_at;
    assert_eq!(proven(device.id), Some(world.make.now()));
    assert_eq!(proven(other.id), None);
}

pub async fn a_proof_replaces_an_earlier_one_of_that_person_and_method(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.prove(&ada, Method::Email).await;
    world.prove(&ada, Method::Sms).await;
    world.prove(&grace, Method::Email).await;
    let graces = world.profile(grace.id).await.proofs;
    let first = world.profile(ada.id).await.proofs;

    world.make.clock.advance(Challenge::COOLDOWN);
    world.prove(&ada, Method::Email).await;
    let renewed = Proof { verified_at: world.make.now(), ..first[0].clone() };
    assert_eq!(world.profile(ada.id).await.proofs, [renewed, first[1].clone()]);
    assert_eq!(world.profile(grace.id).await.proofs, graces);
}

pub async fn no_challenge_is_completed_twice(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    assert!(world.complete(&challenge).await);
    world.tick();
    assert_refused(&world, &challenge).await;
}

pub async fn no_challenge_is_completed_at_or_after_its_expiry(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (adas, graces) = (world.challenge(&ada, Method::Email).await, world.challenge(&grace, Method::Email).await);
    world.make.clock.set(adas.expires_at - Duration::MICROSECOND);
    assert!(world.complete(&adas).await);
    world.make.clock.set(graces.expires_at);
    assert_refused(&world, &graces).await;
}

pub async fn no_challenge_is_completed_after_the_last_attempt(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    for _ in 0..Challenge::MAX_ATTEMPTS {
        world.spend(&challenge).await.unwrap();
    }
    assert_refused(&world, &challenge).await;
}

pub async fn the_last_attempt_may_be_the_right_one(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    for _ in 1..Challenge::MAX_ATTEMPTS {
        world.spend(&challenge).await.unwrap();
    }
    assert!(world.complete(&challenge).await);
}

pub async fn no_unknown_challenge_is_completed(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    let unknown = ChallengeId::new(world.make.now(), &*world.make.entropy);
    assert_refused(&world, &Challenge { id: unknown, ..challenge }).await;
}

pub async fn no_challenge_is_completed_whose_fingerprint_is_no_longer_the_persons(world: World) {
    let ada = world.user("ada").await;
    let email = world.challenge(&ada, Method::Email).await;
    let sms = world.challenge(&ada, Method::Sms).await;
    // No proof is named as lost: the fingerprint alone decides.
    let other = EmailAddress::parse("countess@example.com").unwrap();
    let ada = world.update(world.make.edit(&ada).email(Some(other)).phone(None).build()).await;
    assert_eq!(ada.phone_fingerprint, None);
    assert_refused(&world, &email).await;
    assert_refused(&world, &sms).await;
}

pub async fn no_challenge_is_completed_for_a_destination_that_the_person_never_had(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.open(world.make.challenge(ada.id, Method::Email, Fingerprint::from([7; 32]))).await;
    assert_refused(&world, &challenge).await;
}

pub async fn no_challenge_is_completed_whose_device_is_gone(world: World) {
    let ada = world.user("ada").await;
    let device = world.device(&ada).await;
    let challenge = world.open(world.make.push_challenge(&device)).await;
    let event = world.make.event("test.removed", Some(ada.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(ada.id, device.id), &event).await.unwrap());
    assert_refused(&world, &challenge).await;
}

pub async fn no_challenge_is_completed_whose_device_is_another_persons_now(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let device = world.device(&ada).await;
    let challenge = world.open(world.make.push_challenge(&device)).await;
    let moved = Device {
        token: device.token.clone(),
        token_fingerprint: device.token_fingerprint,
        ..world.make.device(grace.id)
    };
    world.register(&moved).await;
    assert_refused(&world, &challenge).await;
}

pub async fn of_many_completions_at_once_exactly_one_is_true(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    let outcomes = race(RACERS, |_| {
        let (world, challenge) = (world.clone(), challenge.clone());
        async move { world.complete(&challenge).await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1);
    assert_eq!(world.recorded("test.challenge.completed").await, 1);
}

pub async fn a_completion_among_many_wrong_codes_is_all_or_nothing(world: World) {
    let ada = world.user("ada").await;
    let challenge = world.challenge(&ada, Method::Email).await;
    let outcomes =
        race(RACERS, |number| {
            let (world, challenge) = (world.clone(), challenge.clone());
            async move {
                if number == 3 { world.complete(&challenge).await } else { world.spend(&challenge).await.is_some() }
            }
        })
        .await;
    let proofs = world.profile(ada.id).await.proofs.len();
    assert_eq!(world.recorded("test.challenge.completed").await, proofs);
    let found = world.find_challenge(&ada, Method::Email).await.unwrap();
    assert_eq!(found.closure.is_some(), proofs == 1);
    assert!(found.failed_attempts <= Challenge::MAX_ATTEMPTS);
    assert_eq!(world.recorded("test.challenge.failed").await, usize::from(found.failed_attempts));
    assert_eq!(count(&outcomes, &true), proofs + usize::from(found.failed_attempts));
}

async fn assert_refused(world: &World, challenge: &Challenge) {
    let before = world.snapshot().await;
    assert!(!world.complete(challenge).await, "a challenge was completed that must not be");
    world.assert_nothing_written(&before).await;
}
