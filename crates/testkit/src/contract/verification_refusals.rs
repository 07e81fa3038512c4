use muster_domain::user::User;
use muster_domain::verification::{Method, RefusalReason, Refused};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

const APART: Duration = Duration::MINUTE;

pub async fn the_first_refusal_of_a_person_is_recorded(world: World) {
    let ada = world.user("ada").await;
    let event = world.make.event("test.refused", Some(ada.id));
    let refused = refused(&world, &ada, Method::Email, RefusalReason::TooSoon);
    assert!(world.stores.verification.record_refusal(&refused, refused.at - APART, &event).await.unwrap());
    world.assert_recorded(&event).await;
}

pub async fn a_refusal_is_recorded_when_the_last_record_is_from_the_cutoff_or_before(world: World) {
    let ada = world.user("ada").await;
    let refused = async || record(&world, refused(&world, &ada, Method::Sms, RefusalReason::UserQuota)).await;
    assert!(refused().await);
    world.make.clock.advance(APART - Duration::MICROSECOND);
    let before = world.snapshot().await;
    assert!(!refused().await, "a refusal was recorded too soon after the last");
    world.assert_nothing_written(&before).await;
    world.make.clock.advance(Duration::MICROSECOND);
    assert!(refused().await);
    assert_eq!(world.recorded("test.refused").await, 2);
}

pub async fn a_refusal_that_is_not_recorded_does_not_put_off_the_next_record(world: World) {
    let ada = world.user("ada").await;
    let refused = async || record(&world, refused(&world, &ada, Method::Sms, RefusalReason::TooSoon)).await;
    let mut recorded = Vec::new();
    for _ in 0..7 {
        recorded.push(refused().await);
        world.make.clock.advance(APART / 3);
    }
    assert_eq!(recorded, [true, false, false, true, false, false, true]);
}

pub async fn refusals_of_other_people_methods_and_reasons_are_recorded_apart(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let reasons = [
        RefusalReason::TooSoon,
        RefusalReason::DestinationQuota,
        RefusalReason::UserQuota,
        RefusalReason::InstallationQuota,
        RefusalReason::DestinationNotAllowed,
    ];
    for expected in [true, false] {
        for user in [&ada, &grace] {
            for method in Method::ALL {
                for reason in reasons {
                    let recorded = record(&world, refused(&world, user, method, reason)).await;
                    assert_eq!(recorded, expected, "{} {method} {reason}", user.user_name);
                }
            }
        }
    }
    assert_eq!(world.recorded("test.refused").await, 2 * 3 * reasons.len());
}

pub async fn of_many_refusals_at_once_exactly_one_is_recorded(world: World) {
    let ada = world.user("ada").await;
    for round in 1..=2 {
        let outcomes = race(RACERS, |_| {
            let (world, refused) = (world.clone(), refused(&world, &ada, Method::Email, RefusalReason::TooSoon));
            async move { record(&world, refused).await }
        })
        .await;
        assert_eq!(count(&outcomes, &true), 1, "not exactly one refusal was recorded");
        assert_eq!(world.recorded("test.refused").await, round);
        world.make.clock.advance(APART);
    }
}

fn refused(world: &World, user: &User, method: Method, reason: RefusalReason) -> Refused {
    Refused { user_id: user.id, method, reason, at: world.make.now() }
}

async fn record(world: &World, refused: Refused) -> bool {
    let event = world.make.event("test.refused", Some(refused.user_id));
    let cutoff: OffsetDateTime = refused.at - APART;
    world.stores.verification.record_refusal(&refused, cutoff, &event).await.unwrap()
}
