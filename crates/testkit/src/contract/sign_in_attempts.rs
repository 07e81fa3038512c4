use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use muster_domain::break_glass::{AttemptLimit, AttemptScope};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

const HOUR: Duration = Duration::HOUR;

pub async fn as_many_attempts_are_counted_as_a_limit_allows(world: World) {
    let until = world.make.now() + HOUR;
    for (name, max) in [("none", 0), ("one", 1), ("three", 3)] {
        let limits = [account(name, max, HOUR)];
        for attempt in 0..max + 3 {
            let expected = (attempt >= max).then_some(until);
            assert_eq!(attempted(&world, &limits).await, expected, "attempt {attempt} of {max}");
        }
    }
}

pub async fn against_no_limit_nothing_is_refused(world: World) {
    for _ in 0..3 {
        assert_eq!(attempted(&world, &[]).await, None);
    }
}

pub async fn an_attempt_counts_against_every_limit_or_none(world: World) {
    let until = world.make.now() + HOUR;
    let (name, address) = (account("ada", 3, HOUR), from(1, 1, HOUR));
    assert_eq!(attempted(&world, &[name.clone(), address.clone()]).await, None);
    for limits in [[name.clone(), address.clone()], [address.clone(), name.clone()]] {
        assert_eq!(attempted(&world, &limits).await, Some(until), "an attempt did not count against every limit");
    }
    for _ in 0..2 {
        let outcome = attempted(&world, std::slice::from_ref(&name)).await;
        assert_eq!(outcome, None, "an attempt that was refused counts");
    }
    assert_eq!(attempted(&world, &[name]).await, Some(until));
}

pub async fn of_several_used_up_limits_the_latest_end_is_told(world: World) {
    let now = world.make.now();
    let (short, long) = (account("ada", 1, Duration::MINUTE), from(1, 1, HOUR));
    assert_eq!(attempted(&world, &[short.clone(), long.clone()]).await, None);
    for limits in [[short.clone(), long.clone()], [long.clone(), short.clone()]] {
        assert_eq!(attempted(&world, &limits).await, Some(now + HOUR), "not the latest end is told");
    }
    assert_eq!(attempted(&world, &[short]).await, Some(now + Duration::MINUTE));
}

pub async fn a_count_is_kept_for_each_name_and_each_address(world: World) {
    let v6 = |network| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, 0));
    let scopes = [
        AttemptScope::Account("ada".to_owned()),
        AttemptScope::Account("ádá".to_owned()),
        AttemptScope::Account("ada\0".to_owned()),
        AttemptScope::Account("ada\0a".to_owned()),
        AttemptScope::Account("192.0.2.1".to_owned()),
        AttemptScope::Account(String::new()),
        AttemptScope::Account("\u{1f980}".repeat(64)),
        AttemptScope::Address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        AttemptScope::Address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))),
        AttemptScope::Address(v6(1)),
        AttemptScope::Address(v6(2)),
    ];
    for scope in scopes {
        let limits = [AttemptLimit { scope, max: 1, window: HOUR }];
        assert_eq!(attempted(&world, &limits).await, None, "{limits:?} shares a count");
        assert!(attempted(&world, &limits).await.is_some(), "{limits:?} is not counted");
    }
}

pub async fn a_window_begins_with_the_first_that_it_counts_and_again_its_length_after_that(world: World) {
    let start = world.make.now();
    let limits = [account("ada", 2, HOUR)];
    assert_eq!(attempted(&world, &limits).await, None);
    world.make.clock.set(start + HOUR / 2);
    assert_eq!(attempted(&world, &limits).await, None);
    assert_eq!(attempted(&world, &limits).await, Some(start + HOUR), "a window was begun again too soon");
    world.make.clock.set(start + HOUR - Duration::MICROSECOND);
    assert_eq!(attempted(&world, &limits).await, Some(start + HOUR), "a window ended too soon");
    let again = start + HOUR;
    world.make.clock.set(again);
    for _ in 0..2 {
        assert_eq!(attempted(&world, &limits).await, None, "a window did not begin again");
    }
    assert_eq!(attempted(&world, &limits).await, Some(again + HOUR));
}

pub async fn a_limit_that_was_lowered_below_its_count_is_used_up(world: World) {
    let until = world.make.now() + HOUR;
    for _ in 0..3 {
        assert_eq!(attempted(&world, &[account("ada", 5, HOUR)]).await, None);
    }
    assert_eq!(attempted(&world, &[account("ada", 2, HOUR)]).await, Some(until));
    assert_eq!(attempted(&world, &[account("ada", 4, HOUR)]).await, None);
}

pub async fn however_many_attempts_are_made_at_once_no_count_passes_its_max(world: World) {
    for round in 0..3 {
        let until = world.make.now() + HOUR;
        let outcomes = race(RACERS, |number| {
            let world = world.clone();
            // Every other one names its limits the other way round.
            let mut limits = [account("ada", 20, HOUR), from(u8::try_from(number % 4).unwrap(), 7, HOUR)];
            if number % 8 < 4 {
                limits.reverse();
            }
            async move { attempted(&world, &limits).await }
        })
        .await;
        assert_eq!(count(&outcomes, &None), 20, "round {round}: not as many were counted as the limit allows");
        assert_eq!(count(&outcomes, &Some(until)), RACERS - 20);
        world.make.clock.set(until);
    }
}

fn account(name: &str, max: u32, window: Duration) -> AttemptLimit {
    AttemptLimit { scope: AttemptScope::Account(name.to_owned()), max, window }
}

fn from(last: u8, max: u32, window: Duration) -> AttemptLimit {
    AttemptLimit { scope: AttemptScope::Address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))), max, window }
}

async fn attempted(world: &World, limits: &[AttemptLimit]) -> Option<OffsetDateTime> {
    world.stores.break_glass.count_attempt(limits, world.make.now()).await.unwrap()
}
