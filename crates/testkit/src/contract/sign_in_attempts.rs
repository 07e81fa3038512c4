use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use muster_domain::break_glass::AttemptLimit;
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

const HOUR: Duration = Duration::HOUR;

pub async fn as_many_attempts_are_counted_as_a_limit_allows(world: World) {
    let until = world.make.now() + HOUR;
    for (last, max) in [(1, 0), (2, 1), (3, 3)] {
        for attempt in 0..max + 3 {
            let expected = (attempt >= max).then_some(until);
            assert_eq!(attempted(&world, &from(last, max)).await, expected, "attempt {attempt} of {max}");
        }
    }
}

pub async fn a_count_is_kept_for_each_address(world: World) {
    let v6 = |network| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, 0));
    let v4 = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    for address in [v4(1), v4(2), v6(1), v6(2)] {
        let limit = AttemptLimit { address, max: 1, window: HOUR };
        assert_eq!(attempted(&world, &limit).await, None, "{limit:?} shares a count");
        assert!(attempted(&world, &limit).await.is_some(), "{limit:?} is not counted");
    }
}

pub async fn a_window_begins_with_the_first_that_it_counts_and_again_its_length_after_that(world: World) {
    let start = world.make.now();
    let limit = from(1, 2);
    assert_eq!(attempted(&world, &limit).await, None);
    world.make.clock.set(start + HOUR / 2);
    assert_eq!(attempted(&world, &limit).await, None);
    assert_eq!(attempted(&world, &limit).await, Some(start + HOUR), "a window was begun again too soon");
    world.make.clock.set(start + HOUR - Duration::MICROSECOND);
    assert_eq!(attempted(&world, &limit).await, Some(start + HOUR), "a window ended too soon");
    let again = start + HOUR;
    world.make.clock.set(again);
    for _ in 0..2 {
        assert_eq!(attempted(&world, &limit).await, None, "a window did not begin again");
    }
    assert_eq!(attempted(&world, &limit).await, Some(again + HOUR));
}

pub async fn a_limit_that_was_lowered_below_its_count_is_used_up(world: World) {
    let until = world.make.now() + HOUR;
    for _ in 0..3 {
        assert_eq!(attempted(&world, &from(1, 5)).await, None);
    }
    assert_eq!(attempted(&world, &from(1, 2)).await, Some(until));
    assert_eq!(attempted(&world, &from(1, 4)).await, None);
}

pub async fn however_many_attempts_are_made_at_once_no_count_passes_its_max(world: World) {
    for round in 0..3 {
        let until = world.make.now() + HOUR;
        let outcomes = race(RACERS, |_| {
            let world = world.clone();
            async move { attempted(&world, &from(1, 20)).await }
        })
        .await;
        assert_eq!(count(&outcomes, &None), 20, "round {round}: not as many were counted as the limit allows");
        assert_eq!(count(&outcomes, &Some(until)), RACERS - 20);
        world.make.clock.set(until);
    }
}

fn from(last: u8, max: u32) -> AttemptLimit {
    AttemptLimit { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), max, window: HOUR }
}

async fn attempted(world: &World, limit: &AttemptLimit) -> Option<OffsetDateTime> {
    world.stores.break_glass.count_attempt(limit, world.make.now()).await.unwrap()
}
