use muster_domain::break_glass::Refusal;
use muster_domain::notice::Notice;
use muster_domain::verification::Method;
use time::Duration;

use crate::contract::World;
use crate::contract::race::{RACERS, race};

pub async fn refusals_are_recorded_one_by_one_until_they_are_a_flood(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    for number in 1..=1_001 {
        let notice = world.make.notice(root.id, Method::Email);
        let refusal = Refusal { notices: vec![notice.clone()], ..world.make.refusal(Some("Night")) };
        let before = world.recorded("test.refused").await;
        assert_eq!(world.stores.break_glass.record_refusal(&refusal).await.unwrap(), number);
        match number {
            1..=9 => world.assert_recorded(&refusal.refused).await,
            10 => {
                world.assert_recorded(&refusal.flooded.copy_for(0, "attempts", number)).await;
                assert_eq!(world.claim(9).await, [Notice { attempts: 1, ..notice }], "the flood is not told");
            }
            100 | 1_000 => world.assert_recorded(&refusal.flooded.copy_for(0, "attempts", number)).await,
            _ => assert_eq!(world.recorded("test.refused").await, before, "each attempt of a flood is recorded"),
        }
    }
    assert_eq!((world.recorded("test.refused").await, world.recorded("test.flooded").await), (9, 3));
    assert_eq!(world.claim(9).await, [], "a flood is told more than once");
}

pub async fn refusals_are_counted_for_each_account_and_for_what_is_none_in_windows(world: World) {
    let began = world.make.now();
    let accounts = [Some("night"), Some("day"), Some(""), Some("ночь"), None];
    for number in 1..=2 {
        for account in accounts {
            assert_eq!(refused(&world, account).await, number, "{account:?} shares a count");
        }
    }
    assert_eq!(refused(&world, Some("NIGHT")).await, 3, "case makes another account");
    world.make.clock.set(began + Refusal::WINDOW - Duration::MICROSECOND);
    assert_eq!(refused(&world, None).await, 3, "a window ended too soon");
    world.make.clock.set(began + Refusal::WINDOW);
    assert_eq!(refused(&world, None).await, 1, "a window did not begin again");
    assert_eq!(refused(&world, None).await, 2);
}

pub async fn of_many_refusals_at_once_each_has_a_number_of_its_own(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let mut numbers = race(RACERS, |_| {
        let world = world.clone();
        let notices = vec![world.make.notice(root.id, Method::Email)];
        let refusal = Refusal { notices, ..world.make.refusal(Some("night")) };
        async move { world.stores.break_glass.record_refusal(&refusal).await.unwrap() }
    })
    .await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=RACERS as u64).collect::<Vec<_>>());
    assert_eq!((world.recorded("test.refused").await, world.recorded("test.flooded").await), (9, 1));
    assert_eq!(world.claim(99).await.len(), 1, "a flood is told more than once");
}

async fn refused(world: &World, account: Option<&str>) -> u64 {
    world.stores.break_glass.record_refusal(&world.make.refusal(account)).await.unwrap()
}
