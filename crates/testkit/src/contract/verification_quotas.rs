use muster_domain::user::User;
use muster_domain::verification::{Challenge, Fingerprint, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};
use crate::contract::world::contact;

const WINDOWS: [QuotaWindow; 2] = [QuotaWindow::Hour, QuotaWindow::Day];

pub async fn a_challenge_is_counted_against_every_quota(world: World) {
    let ada = world.user("ada").await;
    let challenge = impatient(&world, &ada);
    let scopes = scopes(&challenge);
    let generous: Vec<Quota> = pairs(&scopes).map(|(scope, window)| Quota { scope, window, max: 9 }).collect();
    assert_eq!(world.try_open(&challenge, &generous).await, OpenOutcome::Opened);
    for (scope, window) in pairs(&scopes) {
        let until = world.make.now() + window.length();
        let refused = world.try_open(&impatient(&world, &ada), &[Quota { scope, window, max: 1 }]).await;
        assert_eq!(refused, OpenOutcome::OverQuota { scope, until }, "{scope:?} by the {}", window.as_str());
    }
}

pub async fn as_many_challenges_are_opened_as_a_quota_allows(world: World) {
    let ada = world.user("ada").await;
    for (scope, window) in pairs(&scopes(&impatient(&world, &ada))) {
        let quota = Quota { scope, window, max: 3 };
        for _ in 0..3 {
            assert_eq!(world.try_open(&impatient(&world, &ada), &[quota]).await, OpenOutcome::Opened, "{quota:?}");
        }
        assert_over(&world, &ada, &[quota], scope, world.make.now() + window.length()).await;
    }
}

pub async fn a_challenge_that_is_over_a_quota_counts_against_no_other(world: World) {
    let ada = world.user("ada").await;
    let hour = |scope, max| Quota { scope, window: QuotaWindow::Hour, max };
    let user = QuotaScope::User(ada.id);
    let open = async |quotas: &[Quota]| world.try_open(&impatient(&world, &ada), quotas).await;
    let quotas = [hour(user, 9), hour(QuotaScope::Installation, 1)];
    assert_eq!(open(&quotas).await, OpenOutcome::Opened);
    for _ in 0..3 {
        assert_over(&world, &ada, &quotas, QuotaScope::Installation, world.make.now() + Duration::HOUR).await;
    }
    assert_eq!(open(&[hour(user, 2)]).await, OpenOutcome::Opened, "what was refused was counted");
    assert_over(&world, &ada, &[hour(user, 2)], user, world.make.now() + Duration::HOUR).await;
}

pub async fn a_challenge_that_is_too_soon_counts_against_no_quota(world: World) {
    let ada = world.user("ada").await;
    let quota = [Quota { scope: QuotaScope::User(ada.id), window: QuotaWindow::Hour, max: 2 }];
    let before = world.make.challenge(ada.id, Method::Email, contact(&ada, Method::Email));
    assert_eq!(world.try_open(&before, &quota).await, OpenOutcome::Opened);
    let too_soon = OpenOutcome::TooSoon { opened_at: before.opened_at, resend_after: before.resend_after };
    for _ in 0..3 {
        assert_eq!(world.try_open(&impatient(&world, &ada), &quota).await, too_soon);
    }
    world.make.clock.set(before.resend_after);
    assert_eq!(world.try_open(&impatient(&world, &ada), &quota).await, OpenOutcome::Opened);
}

pub async fn too_soon_is_told_whatever_the_quotas(world: World) {
    let ada = world.user("ada").await;
    let before = world.challenge(&ada, Method::Email).await;
    let none = [Quota { scope: QuotaScope::Installation, window: QuotaWindow::Hour, max: 0 }];
    let too_soon = OpenOutcome::TooSoon { opened_at: before.opened_at, resend_after: before.resend_after };
    assert_eq!(world.try_open(&impatient(&world, &ada), &none).await, too_soon);
}

pub async fn of_several_used_up_quotas_the_first_in_the_order_given_is_told(world: World) {
    let ada = world.user("ada").await;
    let challenge = impatient(&world, &ada);
    let scopes = scopes(&challenge);
    let quotas: Vec<Quota> = pairs(&scopes).map(|(scope, window)| Quota { scope, window, max: 1 }).collect();
    assert_eq!(world.try_open(&challenge, &quotas).await, OpenOutcome::Opened);
    for first in 0..quotas.len() {
        let Quota { scope, window, .. } = quotas[first];
        assert_over(&world, &ada, &quotas[first..], scope, world.make.now() + window.length()).await;
    }
    // Those that have room are passed over.
    let mut quotas = quotas;
    for roomy in 0..quotas.len() - 1 {
        quotas[roomy].max = 9;
        let Quota { scope, window, .. } = quotas[roomy + 1];
        assert_over(&world, &ada, &quotas, scope, world.make.now() + window.length()).await;
    }
}

pub async fn a_count_is_kept_for_each_scope_and_window(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let day = |scope| [Quota { scope, window: QuotaWindow::Day, max: 1 }];
    let until = world.make.now() + Duration::DAY;
    for (user, other) in [(&ada, &grace), (&grace, &ada)] {
        let opened = open_to(&world, user, other, &day(QuotaScope::User(user.id))).await;
        assert_eq!(opened, OpenOutcome::Opened, "one person's count is another's");
    }
    assert_over(&world, &ada, &day(QuotaScope::User(ada.id)), QuotaScope::User(ada.id), until).await;

    // Two people who have one destination share its count, and nobody the count of another destination.
    let [adas, graces] = [&ada, &grace].map(|user| QuotaScope::Destination(contact(user, Method::Email)));
    assert_eq!(open_to(&world, &ada, &ada, &day(adas)).await, OpenOutcome::Opened);
    assert_eq!(open_to(&world, &grace, &ada, &day(adas)).await, OpenOutcome::OverQuota { scope: adas, until });
    assert_eq!(open_to(&world, &grace, &grace, &day(graces)).await, OpenOutcome::Opened);

    let user = QuotaScope::User(ada.id);
    let hour = [Quota { scope: user, window: QuotaWindow::Hour, max: 1 }];
    assert_eq!(open_to(&world, &ada, &ada, &hour).await, OpenOutcome::Opened, "the day's count is not the hour's");
    assert_eq!(open_to(&world, &ada, &ada, &day(QuotaScope::Installation)).await, OpenOutcome::Opened);
}

pub async fn a_window_begins_with_the_first_that_it_counts_and_again_its_length_after_that(world: World) {
    let ada = world.user("ada").await;
    for (scope, window) in pairs(&scopes(&impatient(&world, &ada))) {
        world.make.clock.advance(Duration::seconds(1_234));
        let began_at = world.make.now();
        let (length, quota) = (window.length(), [Quota { scope, window, max: 2 }]);
        for after in [Duration::ZERO, length - Duration::MICROSECOND] {
            world.make.clock.set(began_at + after);
            assert_eq!(world.try_open(&impatient(&world, &ada), &quota).await, OpenOutcome::Opened, "{quota:?}");
        }
        assert_over(&world, &ada, &quota, scope, began_at + length).await;

        world.make.clock.set(began_at + length);
        for _ in 0..2 {
            assert_eq!(world.try_open(&impatient(&world, &ada), &quota).await, OpenOutcome::Opened, "a new window");
        }
        assert_over(&world, &ada, &quota, scope, began_at + length + length).await;
    }
}

pub async fn under_a_quota_of_none_nothing_is_opened(world: World) {
    let ada = world.user("ada").await;
    for (scope, window) in pairs(&scopes(&impatient(&world, &ada))) {
        let none = Quota { scope, window, max: 0 };
        assert_over(&world, &ada, &[none], scope, world.make.now() + window.length()).await;

        let began_at = world.make.now();
        assert_eq!(world.try_open(&impatient(&world, &ada), &[Quota { max: 2, ..none }]).await, OpenOutcome::Opened);
        world.tick();
        assert_over(&world, &ada, &[none], scope, began_at + window.length()).await;
        world.make.clock.set(began_at + window.length());
        assert_over(&world, &ada, &[none], scope, world.make.now() + window.length()).await;
    }
}

pub async fn a_quota_that_was_lowered_below_its_count_is_used_up(world: World) {
    let ada = world.user("ada").await;
    let quota = |max| [Quota { scope: QuotaScope::Installation, window: QuotaWindow::Hour, max }];
    for _ in 0..3 {
        assert_eq!(world.try_open(&impatient(&world, &ada), &quota(3)).await, OpenOutcome::Opened);
    }
    let until = world.make.now() + Duration::HOUR;
    assert_over(&world, &ada, &quota(2), QuotaScope::Installation, until).await;
    assert_eq!(world.try_open(&impatient(&world, &ada), &quota(4)).await, OpenOutcome::Opened);
}

pub async fn however_many_challenges_are_opened_at_once_no_count_passes_its_max(world: World) {
    let mut people = Vec::new();
    for number in 0..RACERS {
        people.push(world.user(&format!("user{number}")).await);
    }
    for window in WINDOWS {
        let quota = [Quota { scope: QuotaScope::Installation, window, max: 10 }];
        // The first that open begin a window, and once it is over, again.
        for _ in 0..2 {
            let before = world.recorded("test.opened").await;
            let outcomes = race(RACERS, |number| {
                let (world, challenge) = (world.clone(), impatient(&world, &people[number]));
                async move { world.try_open(&challenge, &quota).await }
            })
            .await;
            assert_eq!(count(&outcomes, &OpenOutcome::Opened), 10, "not as many were opened as the quota allows");
            let until = world.make.now() + window.length();
            let over = OpenOutcome::OverQuota { scope: QuotaScope::Installation, until };
            assert_eq!(count(&outcomes, &over), RACERS - 10);
            assert_eq!(world.recorded("test.opened").await, before + 10);
            world.make.clock.advance(window.length());
        }
    }
}

pub async fn counts_are_of_what_was_opened_whatever_else_goes_on_at_once(world: World) {
    let mut people = Vec::new();
    for name in ["ada", "grace", "jean", "mary"] {
        people.push(world.user(name).await);
    }
    let hour = |scope, max| Quota { scope, window: QuotaWindow::Hour, max };
    // Each racer sends for one person to the address of another, so that all scopes meet each other.
    let between = |number: usize| (&people[number % 4], &people[number / 4 % 4]);
    let racer = |number| {
        let (user, other) = between(number);
        let challenge = to(&world, user, other);
        let world = world.clone();
        async move {
            let [user, destination, all] = scopes(&challenge);
            let quotas = [hour(user, 7), hour(destination, 9), hour(all, 20)];
            (world.try_open(&challenge, &quotas).await, challenge)
        }
    };
    let opened: Vec<Challenge> = race(RACERS, racer).await.into_iter().filter_map(was_opened).collect();
    assert_eq!(opened.len(), 20);
    for user in &people {
        for scope in scopes(&to(&world, user, user)) {
            let used = opened.iter().filter(|challenge| scopes(challenge).contains(&scope)).count();
            let quota = [hour(scope, u32::try_from(used).unwrap())];
            assert_over(&world, user, &quota, scope, world.make.now() + Duration::HOUR).await;
        }
    }
}

fn was_opened((outcome, challenge): (OpenOutcome, Challenge)) -> Option<Challenge> {
    (outcome == OpenOutcome::Opened).then_some(challenge)
}

/// A challenge after which the next may follow at once.
fn impatient(world: &World, user: &User) -> Challenge {
    to(world, user, user)
}

/// A challenge of one person's at the e-mail address of another, after which the next may follow at once.
fn to(world: &World, user: &User, other: &User) -> Challenge {
    let fingerprint: Fingerprint = contact(other, Method::Email);
    let challenge = world.make.challenge(user.id, Method::Email, fingerprint);
    Challenge { resend_after: challenge.opened_at, ..challenge }
}

async fn open_to(world: &World, user: &User, other: &User, quotas: &[Quota]) -> OpenOutcome {
    world.try_open(&to(world, user, other), quotas).await
}

fn scopes(challenge: &Challenge) -> [QuotaScope; 3] {
    [QuotaScope::User(challenge.user_id), QuotaScope::Destination(challenge.fingerprint), QuotaScope::Installation]
}

fn pairs(scopes: &[QuotaScope]) -> impl Iterator<Item = (QuotaScope, QuotaWindow)> {
    scopes.iter().flat_map(|scope| WINDOWS.map(|window| (*scope, window)))
}

/// Fails unless one more for that person is over the quota of that scope, and nothing is written.
async fn assert_over(world: &World, user: &User, quotas: &[Quota], scope: QuotaScope, until: OffsetDateTime) {
    let before = world.snapshot().await;
    let outcome = world.try_open(&impatient(world, user), quotas).await;
    assert_eq!(outcome, OpenOutcome::OverQuota { scope, until }, "not refused as over that quota: {quotas:?}");
    world.assert_nothing_written(&before).await;
}
