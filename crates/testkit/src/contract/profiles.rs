use muster_domain::UserId;
use muster_domain::preferences::{Preferences, StoredPreferences};
use muster_domain::team::{Membership, Team, TeamRole};
use muster_domain::user::{EmailAddress, Phone, ProfileFacts, User};
use muster_domain::verification::{Challenge, Closure, Method, Proof};

use crate::contract::World;
use crate::contract::race::{RACERS, race};
use crate::contract::world::contact;

pub async fn there_is_no_profile_of_nobody(world: World) {
    world.user("ada").await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    assert_eq!(world.stores.profiles.profile(nobody).await.unwrap(), None);
}

pub async fn a_profile_is_read_active_or_not(world: World) {
    let active = world.user("active").await;
    let gone = world.insert(world.make.user("gone").deactivated().admin().external_id("00u1")).await;
    for user in [active, gone] {
        let bare = ProfileFacts {
            user: user.clone(),
            teams: vec![],
            proofs: vec![],
            devices: vec![],
            challenges: vec![],
            push_loss: None,
            preferences: None,
        };
        assert_eq!(world.profile(user.id).await, bare);
    }
}

pub async fn a_profile_is_never_a_stale_answer(world: World) {
    let mut ada = world.user("ada").await;
    for round in 0..20 {
        ada = world.update(world.make.edit(&ada).display_name(&format!("Ada {round}")).build()).await;
        let seen = race(4, |_| {
            let (world, id) = (world.clone(), ada.id);
            async move { world.profile(id).await.user.display_name }
        })
        .await;
        assert!(seen.iter().all(|name| *name == ada.display_name), "a profile shows what was, not what is");
    }
}

pub async fn a_profile_shows_active_teams_by_folded_name(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let member = |role| [(&ada, role), (&grace, TeamRole::Responder)];
    let charlie = world.team(world.make.team("charlie"), &member(TeamRole::TeamAdmin)).await;
    let alpha = world.team(world.make.team("alpha"), &member(TeamRole::Observer)).await;
    let bravo = world.team(world.make.team("Bravo"), &member(TeamRole::Responder)).await;
    world.team(Team { active: false, ..world.make.team("Closed") }, &member(TeamRole::Responder)).await;
    world.team(world.make.team("Others"), &[(&grace, TeamRole::Observer)]).await;
    let place = |team: Team, role| Membership { id: team.id, name: team.name, role };
    assert_eq!(
        world.profile(ada.id).await.teams,
        [place(alpha, TeamRole::Observer), place(bravo, TeamRole::Responder), place(charlie, TeamRole::TeamAdmin)]
    );
}

pub async fn a_profile_shows_every_proof_on_record(world: World) {
    let ada = world.user("ada").await;
    world.prove(&ada, Method::Sms).await;
    world.prove(&ada, Method::Email).await;
    let proof = |method| Proof { method, fingerprint: contact(&ada, method), verified_at: world.make.now() };
    let expected = [proof(Method::Email), proof(Method::Sms)];
    assert_eq!(world.profile(ada.id).await.proofs, expected);

    // A proof stays on record while the destination is another; whether it counts is the domain's to say.
    let other = EmailAddress::parse("countess@example.com").unwrap();
    world.update(world.make.edit(&ada).email(Some(other)).build()).await;
    assert_eq!(world.profile(ada.id).await.proofs, expected);
}

pub async fn a_profile_shows_the_latest_challenge_of_each_method(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.challenge(&grace, Method::Email).await;
    let device = world.device(&ada).await;
    world.challenge(&ada, Method::Email).await;
    let sms = world.challenge(&ada, Method::Sms).await;
    assert!(world.complete(&sms).await);
    let sms = Challenge { closure: Some(Closure::Completed { at: world.make.now() }), ..sms };
    world.make.clock.advance(Challenge::COOLDOWN);
    let email = world.challenge(&ada, Method::Email).await;
    let push = Challenge { streak: 4, ..world.make.push_challenge(&device) };
    let push = world.open(Challenge { resend_after: push.opened_at + Challenge::wait(4), ..push }).await;
    assert_eq!(world.profile(ada.id).await.challenges, [email, sms, push]);
}

pub async fn a_profile_shows_the_stored_preferences(world: World) {
    let ada = world.user("ada").await;
    let event = world.make.event("test.replaced", Some(ada.id));
    let document = Preferences::default();
    assert!(world.stores.preferences.replace(ada.id, 0, &document, &event).await.unwrap());
    let stored = StoredPreferences { version: 1, document };
    assert_eq!(world.profile(ada.id).await.preferences, Some(stored));
}

pub async fn a_profile_is_read_as_one_consistent_whole(world: World) {
    let ada = world.user("ada").await;
    world.prove(&ada, Method::Email).await;
    let writer = {
        let (world, mut ada) = (world.clone(), ada.clone());
        // Each write changes the number, drops its proof and marks the person, all in one.
        async move {
            for round in 0..40 {
                world.make.clock.advance(Challenge::COOLDOWN);
                world.prove(&ada, Method::Sms).await;
                let phone = Phone::from_stored(&format!("+1202556{round:04}"), true);
                let changed = world.make.edit(&ada).phone(Some(phone)).build();
                ada = world.apply(&world.next(changed, &[Method::Sms])).await;
            }
        }
    };
    let writing = tokio::spawn(writer);
    let torn = race(RACERS, |_| {
        let (world, id) = (world.clone(), ada.id);
        async move {
            let mut torn = 0;
            for _ in 0..5 {
                torn += usize::from(!fits_together(&world.profile(id).await));
            }
            torn
        }
    })
    .await;
    writing.await.unwrap();
    assert_eq!(torn.into_iter().sum::<usize>(), 0, "a profile mixed what was with what is");
}

/// Whether the SMS challenge, its proof and the number are of one moment.
fn fits_together(facts: &ProfileFacts) -> bool {
    let User { phone_fingerprint, .. } = facts.user;
    let Some(challenge) = facts.challenges.iter().find(|challenge| challenge.method == Method::Sms) else {
        return facts.proofs.len() == 1;
    };
    let proven = facts.proofs.iter().any(|proof| proof.method == Method::Sms);
    let current = Some(challenge.fingerprint) == phone_fingerprint;
    let completed = matches!(challenge.closure, Some(Closure::Completed { .. }));
    if proven { current && completed } else { current != completed }
}
