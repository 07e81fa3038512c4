use muster_domain::break_glass::AttemptLimit;
use muster_domain::housekeeping::Stale;
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::housekeeping::{address, fill, patient, purge, refuse, rotated};
use crate::contract::race::{RACERS, count, race};

pub async fn however_many_remove_at_once_nothing_is_removed_twice(world: World) {
    for what in Stale::ALL {
        let before = fill(&world, what, 20).await + Duration::MICROSECOND;
        let removed = race(RACERS, |_| {
            let world = world.clone();
            async move { purge(&world, what, before, 3).await }
        })
        .await;
        assert!(removed.iter().all(|removed| *removed <= 3), "{what:?}: more than the limit");
        // Some left to others what those were working on.
        let mut all: u64 = removed.iter().sum();
        for _ in 0..20 {
            all += purge(&world, what, before, 3).await;
        }
        assert_eq!(all, 20, "{what:?}: something was removed twice, or not at all");
    }
}

pub async fn a_code_that_is_sent_meanwhile_stays(world: World) {
    let people = people(&world).await;
    for user in &people {
        world.challenge(user, Method::Email).await;
    }
    world.make.clock.advance(Duration::days(3));
    let before = world.make.now() - Duration::DAY;
    let fresh: Vec<Challenge> = people.iter().map(|user| patient(&world, user)).collect();
    beside_purges(&world, Stale::Challenges, before, |world, number| {
        let challenge = fresh[number].clone();
        async move { assert_eq!(world.try_open(&challenge, &[]).await, OpenOutcome::Opened) }
    })
    .await;
    for (user, challenge) in people.iter().zip(fresh) {
        assert_eq!(world.find_challenge(user, Method::Email).await, Some(challenge), "a live code was removed");
    }
}

pub async fn a_session_that_is_refreshed_meanwhile_goes_on(world: World) {
    let people = people(&world).await;
    let mut sessions = Vec::new();
    for user in &people {
        let (session, first) = world.session(user).await;
        let second = rotated(&world, &session, &first).await;
        let third = rotated(&world, &session, &second).await;
        sessions.push((session, third));
    }
    world.make.clock.advance(Duration::days(60));
    let now = world.make.now();
    for what in [Stale::RefreshTokens, Stale::Sessions] {
        let before = now - Duration::DAY;
        let running = sessions.clone();
        beside_purges(&world, what, before, |world, number| {
            let (session, token) = running[number].clone();
            async move { assert_eq!(rotated(&world, &session, &token).await.parent, Some(token.hash)) }
        })
        .await;
    }
    for (session, token) in &sessions {
        let found = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap();
        assert_eq!(found.map(|found| found.session.id), Some(session.id), "a token that works went");
        let live = world.stores.sessions.list(session.user_id, now).await.unwrap();
        assert_eq!(live.len(), 1, "a live session went");
    }
}

pub async fn what_is_counted_meanwhile_stays_counted(world: World) {
    let (people, others) = (people(&world).await, people_named(&world, "other").await);
    let quota = |user: &User| Quota { scope: QuotaScope::User(user.id), window: QuotaWindow::Hour, max: 1 };
    let limit = |number: usize| {
        let address = address(u8::try_from(number).unwrap());
        AttemptLimit { address, max: 1, window: Duration::HOUR }
    };
    let attempt = async |world: &World, number| {
        world.stores.break_glass.count_attempt(&limit(number), world.make.now()).await.unwrap()
    };
    for (number, user) in people.iter().enumerate() {
        assert_eq!(world.try_open(&patient(&world, user), &[quota(user)]).await, OpenOutcome::Opened);
        assert!(refuse(&world, user, world.make.now()).await);
        assert_eq!(attempt(&world, number).await, None);
    }
    world.make.clock.advance(Duration::days(3));
    let before = world.make.now() - Duration::DAY;
    let opened: Vec<Challenge> = people.iter().map(|user| patient(&world, user)).collect();
    beside_purges(&world, Stale::SendCounts, before, |world, number| {
        let (challenge, quota) = (opened[number].clone(), quota(&people[number]));
        async move { assert_eq!(world.try_open(&challenge, &[quota]).await, OpenOutcome::Opened) }
    })
    .await;
    beside_purges(&world, Stale::SendRefusals, before, |world, number| {
        let user = people[number].clone();
        async move { assert!(refuse(&world, &user, before).await) }
    })
    .await;
    beside_purges(&world, Stale::SignInAttempts, before, |world, number| {
        let limit = limit(number);
        async move {
            let refused = world.stores.break_glass.count_attempt(&limit, world.make.now()).await.unwrap();
            assert_eq!(refused, None);
        }
    })
    .await;
    for (number, user) in people.iter().enumerate() {
        // Another person's code, against the count of this one's.
        let again = world.try_open(&patient(&world, &others[number]), &[quota(user)]).await;
        assert!(matches!(again, OpenOutcome::OverQuota { .. }), "a code was counted for nothing");
        assert!(!refuse(&world, user, before).await, "a refusal was noted for nothing");
        assert!(attempt(&world, number).await.is_some(), "a sign-in was counted for nothing");
    }
}

/// How many people work while others remove.
const PEOPLE: usize = 16;

async fn people(world: &World) -> Vec<User> {
    people_named(world, "u").await
}

async fn people_named(world: &World, name: &str) -> Vec<User> {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(world.user(&format!("{name}{number}")).await);
    }
    people
}

/// Runs the work of each person beside many removals of one kind, all at once.
async fn beside_purges<R: Future<Output = ()> + Send + 'static>(
    world: &World,
    what: Stale,
    before: OffsetDateTime,
    work: impl Fn(World, usize) -> R,
) {
    let done = race(RACERS, |number| {
        let working = (number % (RACERS / PEOPLE) == 0).then(|| work(world.clone(), number / (RACERS / PEOPLE)));
        let world = world.clone();
        async move {
            let works = working.is_some();
            if let Some(working) = working {
                working.await;
            } else {
                purge(&world, what, before, 5).await;
            }
            works
        }
    })
    .await;
    assert_eq!(count(&done, &true), PEOPLE);
}
