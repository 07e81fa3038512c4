use muster_domain::directory::{Brake, BrakePolicy, EngagedBrake, UpdateOutcome, UserRemoval};
use muster_domain::user::User;
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

/// The client of most cases.
const OKTA: &str = "okta";
/// Three are let through, however few people there are.
const THREE: BrakePolicy = BrakePolicy { percent: 1, free: 3 };
const NONE: BrakePolicy = BrakePolicy { percent: 1, free: 0 };

pub async fn as_many_are_let_through_as_are_free(world: World) {
    let people = people(&world, 5).await;
    let outcomes = stop_all(&world, &people, THREE).await;
    assert_eq!(count(&outcomes[..3], &UpdateOutcome::Updated), 3, "a deactivation was refused that is free");
    assert_eq!(count(&outcomes[3..], &UpdateOutcome::Braked), 2, "more are let through than are free");
    for (number, user) in people.iter().enumerate() {
        let now = world.profile(user.id).await.user;
        assert_eq!(now.active, number >= 3);
        assert_eq!(now.version, if number < 3 { 2 } else { 1 }, "what was refused was written");
    }
    assert_eq!(world.recorded("test.stopped").await, 3, "what was refused is on record as done");
}

pub async fn a_share_of_those_who_were_active_is_let_through(world: World) {
    for (size, percent, allowed) in [(20, 10, 2), (19, 10, 1), (9, 10, 0), (4, 50, 2), (3, 99, 2)] {
        let client = format!("{size}/{percent}");
        let policy = BrakePolicy { percent, free: 0 };
        let people = people(&world, size).await;
        let mut passed = 0;
        for user in &people {
            passed += usize::from(stop(&world, &client, user, policy).await == UpdateOutcome::Updated);
        }
        assert_eq!(passed, allowed, "{percent} per cent of {size}");
        // Nobody of them counts for the next.
        for user in &people {
            let left = world.profile(user.id).await.user;
            world.removed(&left).await;
        }
    }
}

pub async fn the_larger_of_the_share_and_what_is_free_is_let_through(world: World) {
    let people = people(&world, 10).await;
    for (client, policy, allowed) in
        [("share", BrakePolicy { percent: 30, free: 1 }, 3), ("free", BrakePolicy { percent: 10, free: 2 }, 2)]
    {
        let start = if client == "share" { 0 } else { 4 };
        for (number, user) in people.iter().skip(start).take(allowed + 1).enumerate() {
            let expected = if number < allowed { UpdateOutcome::Updated } else { UpdateOutcome::Braked };
            assert_eq!(stop(&world, client, user, policy).await, expected, "{client}, {number}");
        }
    }
}

pub async fn only_the_directorys_active_people_count_for_the_share(world: World) {
    for number in 0..10 {
        world.insert(world.make.user(&format!("gone{number}")).deactivated()).await;
        world.insert(world.make.user(&format!("local{number}")).local()).await;
        world.account(&format!("rescue{number}")).await;
        let removed = world.user(&format!("removed{number}")).await;
        world.removed(&removed).await;
    }
    let people = people(&world, 9).await;
    let tenth = BrakePolicy { percent: 10, free: 0 };
    let refused = stop(&world, OKTA, &people[0], tenth).await;
    assert_eq!(refused, UpdateOutcome::Braked, "somebody counts for the share who is not active or the directory's");
}

pub async fn who_came_within_the_time_adds_nothing_to_the_share(world: World) {
    let there = people(&world, 10).await;
    let policy = BrakePolicy { percent: 50, free: 0 };
    world.make.clock.advance(Duration::MICROSECOND);
    let mut newcomers = Vec::new();
    for number in 0..30 {
        newcomers.push(world.user(&format!("new{number}")).await);
    }
    world.make.clock.advance(Brake::WINDOW - Duration::MICROSECOND);
    for user in newcomers[..4].iter().chain(&there[..1]) {
        assert_eq!(stop(&world, OKTA, user, policy).await, UpdateOutcome::Updated, "five of ten may go");
    }
    let outcome = stop(&world, OKTA, &there[1], policy).await;
    assert_eq!(outcome, UpdateOutcome::Braked, "who was added first made room");
    world.make.clock.advance(Duration::MICROSECOND);
    for user in &there[1..] {
        let outcome = stop(&world, "entra", user, policy).await;
        assert_eq!(outcome, UpdateOutcome::Updated, "who was there at that very time does not count");
    }
}

pub async fn removals_count_like_deactivations(world: World) {
    let people = people(&world, 5).await;
    let policy = BrakePolicy { free: 2, ..NONE };
    assert_eq!(remove(&world, OKTA, &people[0], policy).await, UpdateOutcome::Updated);
    assert_eq!(stop(&world, OKTA, &people[1], policy).await, UpdateOutcome::Updated);
    let outcome = remove(&world, OKTA, &people[2], policy).await;
    assert_eq!(outcome, UpdateOutcome::Braked, "a removal got through that is not free");
    assert_eq!(stop(&world, OKTA, &people[3], policy).await, UpdateOutcome::Braked);
    let kept = world.profile(people[2].id).await.user;
    assert_eq!(kept, people[2], "somebody was removed whose removal was refused");
    assert_eq!(world.recorded("test.removed").await, 1, "what was refused is on record as done");
}

pub async fn each_person_counts_once(world: World) {
    let people = people(&world, 3).await;
    let policy = BrakePolicy { free: 1, ..NONE };
    let mut ada = people[0].clone();
    for _ in 0..4 {
        let outcome = stop(&world, OKTA, &ada, policy).await;
        assert_eq!(outcome, UpdateOutcome::Updated, "one person counts more than once");
        world.tick();
        let stored = world.profile(ada.id).await.user;
        ada = world.update(User { active: true, ..stored }).await;
    }
    assert_eq!(remove(&world, OKTA, &ada, policy).await, UpdateOutcome::Updated, "one person counts more than once");
    assert_eq!(stop(&world, OKTA, &people[1], policy).await, UpdateOutcome::Braked);
}

pub async fn what_was_done_by_then_or_before_does_not_count(world: World) {
    let people = people(&world, 5).await;
    let policy = BrakePolicy { free: 1, ..NONE };
    assert_eq!(stop(&world, OKTA, &people[0], policy).await, UpdateOutcome::Updated);
    world.make.clock.advance(Brake::WINDOW);
    let outcome = stop(&world, OKTA, &people[1], policy).await;
    assert_eq!(outcome, UpdateOutcome::Updated, "who was deactivated a window ago counts");
    world.make.clock.advance(Brake::WINDOW - Duration::MICROSECOND);
    let outcome = stop(&world, OKTA, &people[2], policy).await;
    assert_eq!(outcome, UpdateOutcome::Braked, "who was deactivated within the window does not count");
}

pub async fn an_engaged_brake_holds_until_it_is_released(world: World) {
    let people = people(&world, 5).await;
    stop_all(&world, &people[..4], THREE).await;
    let engaged = vec![EngagedBrake { client: OKTA.to_owned(), since: world.make.now(), refused: 1 }];
    assert_eq!(brakes(&world).await, engaged);
    world.make.clock.advance(Brake::WINDOW * 100);
    let outcome = stop(&world, OKTA, &people[4], THREE).await;
    assert_eq!(outcome, UpdateOutcome::Braked, "a brake let go by itself");
    let all = BrakePolicy { percent: 99, free: 1000 };
    let outcome = remove(&world, OKTA, &people[4], all).await;
    assert_eq!(outcome, UpdateOutcome::Braked, "a brake let go for another policy");

    assert!(release(&world, OKTA).await);
    assert_eq!(brakes(&world).await, []);
    world.tick();
    assert_eq!(stop(&world, OKTA, &people[4], THREE).await, UpdateOutcome::Updated);
}

pub async fn a_release_is_recorded_and_begins_the_count_anew(world: World) {
    let people = people(&world, 9).await;
    stop_all(&world, &people[..4], THREE).await;
    world.tick();
    let (at, event) = (world.make.now(), world.make.event("test.released", None));
    assert!(world.stores.directory.release_brake(OKTA, at, &event).await.unwrap());
    world.assert_recorded(&event).await;
    world.tick();
    let outcomes = stop_all(&world, &people[3..8], THREE).await;
    assert_eq!(count(&outcomes[..3], &UpdateOutcome::Updated), 3, "what was before the release counts");
    assert_eq!(count(&outcomes[3..], &UpdateOutcome::Braked), 2, "what is after the release does not count");
    assert_eq!(world.recorded("test.brake.engaged").await, 2, "the brake engaged twice");
    let engaged = vec![EngagedBrake { client: OKTA.to_owned(), since: world.make.now(), refused: 2 }];
    assert_eq!(brakes(&world).await, engaged, "who was refused before the release counts");
}

pub async fn nothing_is_released_that_is_not_engaged(world: World) {
    let people = people(&world, 2).await;
    stop(&world, OKTA, &people[0], THREE).await;
    let before = world.snapshot().await;
    for client in [OKTA, "unheard of", ""] {
        assert!(!release(&world, client).await);
        world.assert_nothing_written(&before).await;
    }
    stop(&world, OKTA, &people[1], NONE).await;
    assert!(release(&world, OKTA).await);
    assert!(!release(&world, OKTA).await);
}

pub async fn a_brake_that_engages_is_recorded_once_and_each_refused_person_once(world: World) {
    let people = people(&world, 3).await;
    for user in [&people[0], &people[1], &people[0], &people[0]] {
        world.tick();
        assert_eq!(stop(&world, OKTA, user, NONE).await, UpdateOutcome::Braked);
        assert_eq!(remove(&world, OKTA, user, NONE).await, UpdateOutcome::Braked);
    }
    assert_eq!(world.recorded("test.brake.engaged").await, 1, "the brake engaged once");
    assert_eq!(world.recorded("test.brake.refused").await, 2, "not one record for each refused person");
    assert_eq!(brakes(&world).await[0].refused, 2);
    assert!(release(&world, OKTA).await);
    world.tick();
    assert_eq!(stop(&world, OKTA, &people[0], NONE).await, UpdateOutcome::Braked);
    assert_eq!(world.recorded("test.brake.refused").await, 3, "a refusal after the release is not recorded");
    assert_eq!(brakes(&world).await[0].refused, 1);
}

pub async fn the_records_of_a_brake_are_as_they_were_given(world: World) {
    let people = people(&world, 1).await;
    let brake = world.make.brake(OKTA, NONE, people[0].id);
    let outcome = stop_with(&world, &people[0], Some(brake.clone())).await;
    assert_eq!(outcome, UpdateOutcome::Braked);
    world.assert_recorded(&brake.engaged).await;
    world.assert_recorded(&brake.refused).await;
}

pub async fn each_client_has_a_brake_of_its_own(world: World) {
    let people = people(&world, 6).await;
    let policy = BrakePolicy { free: 1, ..NONE };
    for client in ["okta", "Okta", "entra"] {
        let ada = world.profile(people[0].id).await.user;
        assert_eq!(stop(&world, client, &ada, policy).await, UpdateOutcome::Updated, "{client}");
        let stored = world.profile(ada.id).await.user;
        world.update(User { active: true, ..stored }).await;
    }
    for client in ["okta", "entra"] {
        world.tick();
        assert_eq!(stop(&world, client, &people[1], policy).await, UpdateOutcome::Braked);
    }
    let engaged: Vec<_> = brakes(&world).await.into_iter().map(|brake| (brake.client, brake.refused)).collect();
    assert_eq!(engaged, [("entra".to_owned(), 1), ("okta".to_owned(), 1)], "the engaged brakes are not by client");
    assert!(release(&world, "okta").await);
    assert_eq!(brakes(&world).await[0].client, "entra");
    assert_eq!(stop(&world, "entra", &people[1], policy).await, UpdateOutcome::Braked);
}

pub async fn what_is_held_to_nothing_passes_and_does_not_count(world: World) {
    let people = people(&world, 8).await;
    let policy = BrakePolicy { free: 1, ..NONE };
    for user in &people[..3] {
        assert_eq!(stop_with(&world, user, None).await, UpdateOutcome::Updated);
    }
    assert_eq!(stop(&world, OKTA, &people[3], policy).await, UpdateOutcome::Updated, "what bears no brake counts");
    assert_eq!(stop(&world, OKTA, &people[4], policy).await, UpdateOutcome::Braked);
    let outcome = stop_with(&world, &people[5], None).await;
    assert_eq!(outcome, UpdateOutcome::Updated, "what bears no brake was refused");
}

pub async fn only_who_is_active_is_held(world: World) {
    let people = people(&world, 3).await;
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    assert_eq!(stop(&world, OKTA, &people[0], NONE).await, UpdateOutcome::Braked);
    let outcome = remove(&world, OKTA, &gone, NONE).await;
    assert_eq!(outcome, UpdateOutcome::Updated, "the removal of somebody inactive was refused");
    let mut update = world.next(world.make.edit(&people[1]).display_name("Renamed").build(), &[]);
    update.brake = Some(world.make.brake(OKTA, NONE, people[1].id));
    world.apply(&update).await;
}

pub async fn a_deactivation_that_is_stale_neither_counts_nor_is_recorded(world: World) {
    let people = people(&world, 3).await;
    let policy = BrakePolicy { free: 1, ..NONE };
    let stale = User { version: 7, ..people[0].clone() };
    let before = world.snapshot().await;
    for _ in 0..3 {
        assert_eq!(stop(&world, OKTA, &stale, policy).await, UpdateOutcome::Stale);
        assert_eq!(remove(&world, OKTA, &stale, policy).await, UpdateOutcome::Stale);
    }
    world.assert_nothing_written(&before).await;
    assert_eq!(stop(&world, OKTA, &people[1], policy).await, UpdateOutcome::Updated, "what was stale counts");
}

pub async fn however_many_are_deactivated_at_once_no_more_than_allowed_get_through(world: World) {
    let people = people(&world, RACERS).await;
    for (client, policy, allowed) in
        [("free", BrakePolicy { percent: 1, free: 10 }, 10), ("share", BrakePolicy { percent: 25, free: 0 }, 13)]
    {
        let mut left = Vec::new();
        for user in &people {
            left.extend(Some(world.profile(user.id).await.user).filter(|user| user.active));
        }
        let racers = left.len();
        let outcomes = race(racers, |number| {
            let (world, user) = (world.clone(), left[number].clone());
            async move {
                if number % 2 == 0 {
                    stop(&world, client, &user, policy).await
                } else {
                    remove(&world, client, &user, policy).await
                }
            }
        })
        .await;
        assert_eq!(count(&outcomes, &UpdateOutcome::Updated), allowed, "{client}: not as many got through as may");
        assert_eq!(count(&outcomes, &UpdateOutcome::Braked), racers - allowed);
    }
    assert_eq!(world.recorded("test.brake.engaged").await, 2);
    assert_eq!(world.recorded("test.brake.refused").await, (64 - 10) + (54 - 13));
}

pub async fn however_often_one_person_is_refused_at_once_one_record_is_written(world: World) {
    let people = people(&world, 2).await;
    let outcomes = race(RACERS, |number| {
        let (world, user) = (world.clone(), people[number % 2].clone());
        async move { stop(&world, OKTA, &user, NONE).await }
    })
    .await;
    assert_eq!(count(&outcomes, &UpdateOutcome::Braked), RACERS);
    assert_eq!(world.recorded("test.brake.engaged").await, 1, "the brake engaged more than once");
    assert_eq!(world.recorded("test.brake.refused").await, 2, "not one record for each refused person");
}

pub async fn of_many_releases_at_once_exactly_one_is_true(world: World) {
    let people = people(&world, 1).await;
    stop(&world, OKTA, &people[0], NONE).await;
    let outcomes = race(RACERS, |_| {
        let world = world.clone();
        async move { release(&world, OKTA).await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1, "not exactly one release was made");
    assert_eq!(world.recorded("test.brake.released").await, 1);
}

/// Active people, of whom there are no others of that name yet, who were there when the counting of now begins.
async fn people(world: &World, size: usize) -> Vec<User> {
    let mut people = Vec::new();
    for number in 0..size {
        people.push(world.user(&format!("u{number}")).await);
    }
    world.make.clock.advance(Brake::WINDOW);
    people
}

async fn stop_all(world: &World, people: &[User], policy: BrakePolicy) -> Vec<UpdateOutcome> {
    let mut outcomes = Vec::new();
    for user in people {
        outcomes.push(stop(world, OKTA, user, policy).await);
    }
    outcomes
}

async fn stop(world: &World, client: &str, user: &User, policy: BrakePolicy) -> UpdateOutcome {
    stop_with(world, user, Some(world.make.brake(client, policy, user.id))).await
}

async fn stop_with(world: &World, user: &User, brake: Option<Brake>) -> UpdateOutcome {
    let mut update = world.next(User { active: false, ..user.clone() }, &[]);
    update.deactivates = true;
    update.brake = brake;
    let event = world.make.event("test.stopped", Some(user.id));
    world.stores.directory.update_user(&update, &[event]).await.unwrap()
}

async fn remove(world: &World, client: &str, user: &User, policy: BrakePolicy) -> UpdateOutcome {
    let brake = Some(world.make.brake(client, policy, user.id));
    let removal = UserRemoval { brake, ..world.make.removal(user) };
    let event = world.make.event("test.removed", Some(user.id));
    world.stores.directory.remove_user(&removal, &[event]).await.unwrap()
}

async fn brakes(world: &World) -> Vec<EngagedBrake> {
    world.stores.directory.engaged_brakes().await.unwrap()
}

async fn release(world: &World, client: &str) -> bool {
    let (at, event) = (world.make.now(), world.make.event("test.brake.released", None));
    world.stores.directory.release_brake(client, at, &event).await.unwrap()
}
