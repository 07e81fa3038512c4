use std::net::{IpAddr, Ipv6Addr};

use muster_domain::NoticeId;
use muster_domain::directory::{BrakePolicy, UpdateOutcome};
use muster_domain::notice::{Due, Notice, NoticeContent};
use muster_domain::user::User;
use muster_domain::verification::{Masked, Method};
use time::{Duration, OffsetDateTime};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn a_notice_is_claimed_as_it_was_written_with_one_more_attempt(world: World) {
    let ada = world.user("ada").await;
    let at = world.make.now() - Duration::MICROSECOND;
    let account = "rescue \u{1f6e0} \"1\"".to_owned();
    let contents = [
        NoticeContent::ContactChanged { method: Method::Sms, destination: None },
        NoticeContent::ContactChanged {
            method: Method::Email,
            destination: Some(Masked::from_stored("É***@x".to_owned())),
        },
        NoticeContent::BreakGlassUsed { account: account.clone(), ip: None, at },
        NoticeContent::BreakGlassUsed { account, ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), at },
    ];
    let mut notices = Vec::new();
    for (content, channel) in contents.into_iter().zip(Method::ALL.into_iter().cycle()) {
        notices.push(Notice { content, attempts: 3, ..world.make.notice(ada.id, channel) });
    }
    world.notify(&ada, &notices).await;
    let expected: Vec<Notice> = notices.into_iter().map(|notice| Notice { attempts: 4, ..notice }).collect();
    assert_eq!(by_id(world.claim(100).await), by_id(expected));
}

pub async fn a_notice_comes_with_the_change_that_it_tells_of_or_not_at_all(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let told = |user: &User| {
        let mut update = world.next(user.clone(), &[]);
        update.notices = vec![world.make.notice(user.id, Method::Email)];
        update
    };
    let stale = told(&User { version: 7, ..ada.clone() });
    let taken = told(&world.make.edit(&ada).user_name("GRACE").build());
    let mut braked = told(&User { active: false, ..ada.clone() });
    braked.deactivates = true;
    braked.brake = Some(world.make.brake("okta", BrakePolicy { percent: 1, free: 0 }, ada.id));
    for (update, expected) in
        [(stale, UpdateOutcome::Stale), (taken, UpdateOutcome::Taken), (braked, UpdateOutcome::Braked)]
    {
        let event = world.make.event("test.user.updated", Some(ada.id));
        assert_eq!(world.stores.directory.update_user(&update, &[event]).await.unwrap(), expected);
        assert_eq!(world.claim(100).await, [], "somebody is told of what did not happen");
    }
    world.apply(&told(&grace)).await;
    assert_eq!(world.claim(100).await.len(), 1);
}

pub async fn a_notice_is_due_from_when_it_was_made(world: World) {
    let ada = world.user("ada").await;
    let at = world.make.now() + Duration::HOUR;
    let notice = Notice { created_at: at, ..world.make.notice(ada.id, Method::Email) };
    world.notify(&ada, std::slice::from_ref(&notice)).await;
    world.make.clock.set(at - Duration::MICROSECOND);
    assert_eq!(world.claim(100).await, [], "a notice was taken before it was due");
    world.make.clock.set(at);
    assert_eq!(world.claim(100).await, [Notice { attempts: 1, ..notice }]);
}

pub async fn the_longest_due_are_taken_first_and_no_more_than_the_limit(world: World) {
    let ada = world.user("ada").await;
    let now = world.make.now();
    let mut notices = Vec::new();
    for age in [3, 1, 5, 2, 4] {
        notices
            .push(Notice { created_at: now - Duration::microseconds(age), ..world.make.notice(ada.id, Method::Sms) });
    }
    world.notify(&ada, &notices).await;
    notices.sort_by_key(|notice| notice.created_at);
    let expected: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
    assert_eq!(ids(&world.claim(0).await), []);
    for (limit, expected) in [(2, &expected[..2]), (1, &expected[2..3]), (9, &expected[3..])] {
        assert_eq!(ids(&world.claim(limit).await), expected, "not the longest due, or not in that order");
    }
    assert_eq!(world.claim(9).await, []);
}

pub async fn a_claimed_notice_is_due_again_when_its_lease_ends(world: World) {
    let ada = world.user("ada").await;
    let notice = told(&world, &ada).await;
    for attempts in 1..4 {
        let now = world.make.now();
        assert_eq!(world.claim(9).await, [Notice { attempts, ..notice.clone() }], "not one more attempt");
        assert_eq!(world.claim(9).await, [], "a claimed notice was claimed again");
        world.make.clock.set(now + Duration::MINUTE - Duration::MICROSECOND);
        assert_eq!(world.claim(9).await, [], "a lease ended too soon");
        world.make.clock.set(now + Duration::MINUTE);
    }
}

pub async fn a_finished_notice_is_forgotten_with_its_records(world: World) {
    let ada = world.user("ada").await;
    let (done, other) = (told(&world, &ada).await, told(&world, &world.user("grace").await).await);
    let events = [world.make.event("test.sent", Some(ada.id)), world.make.event("test.sent", None)];
    world.stores.notices.finish(done.id, &events).await.unwrap();
    for event in &events {
        world.assert_recorded(event).await;
    }
    assert_eq!(ids(&world.claim(9).await), [other.id]);
    finish(&world, other.id, 0).await;
    world.make.clock.advance(Duration::DAY);
    assert_eq!(world.claim(9).await, []);
}

pub async fn a_notice_that_is_gone_writes_nothing(world: World) {
    let ada = world.user("ada").await;
    let notice = told(&world, &ada).await;
    finish(&world, notice.id, 1).await;
    let before = world.snapshot().await;
    for id in [notice.id, NoticeId::new(world.make.now(), &*world.make.entropy)] {
        finish(&world, id, 2).await;
        world.assert_nothing_written(&before).await;
        world.stores.notices.postpone(id, world.make.now()).await.unwrap();
        assert_eq!(world.claim(9).await, [], "a notice came back");
    }
}

pub async fn a_postponed_notice_is_due_at_that_time(world: World) {
    let ada = world.user("ada").await;
    let (postponed, other) = (told(&world, &ada).await, told(&world, &world.user("grace").await).await);
    assert_eq!(world.claim(9).await.len(), 2);
    let at = world.make.now() + Duration::DAY;
    postpone(&world, postponed.id, at).await;
    finish(&world, other.id, 0).await;
    world.make.clock.set(at - Duration::MICROSECOND);
    assert_eq!(world.claim(9).await, [], "a postponed notice was due before");
    world.make.clock.set(at);
    assert_eq!(world.claim(9).await, [Notice { attempts: 2, ..postponed.clone() }]);
    postpone(&world, postponed.id, world.make.now()).await;
    assert_eq!(world.claim(9).await, [Notice { attempts: 3, ..postponed }], "it cannot be put forward");
}

pub async fn of_any_number_of_claims_at_once_no_two_take_the_same(world: World) {
    let ada = world.user("ada").await;
    let notices: Vec<Notice> = (0..100).map(|_| world.make.notice(ada.id, Method::Push)).collect();
    world.notify(&ada, &notices).await;
    let claimed = race(RACERS, |_| {
        let world = world.clone();
        async move { ids(&world.claim(3).await) }
    })
    .await;
    let mut claimed: Vec<NoticeId> = claimed.into_iter().flatten().collect();
    // Whoever found all of them taken left some.
    loop {
        let left = ids(&world.claim(16).await);
        if left.is_empty() {
            break;
        }
        claimed.extend(left);
    }
    claimed.sort_unstable();
    let mut all: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
    all.sort_unstable();
    assert_eq!(claimed, all, "not each notice was taken once");
}

pub async fn of_many_servers_that_finish_one_notice_at_once_one_writes(world: World) {
    let ada = world.user("ada").await;
    let notice = told(&world, &ada).await;
    let done = race(RACERS, |_| {
        let (world, id) = (world.clone(), notice.id);
        async move {
            finish(&world, id, 1).await;
            true
        }
    })
    .await;
    assert_eq!(count(&done, &true), RACERS);
    assert_eq!(world.recorded("test.finished").await, 1, "one notice was finished more than once");
}

pub async fn a_lease_that_is_taken_over_at_once_is_taken_by_one(world: World) {
    let ada = world.user("ada").await;
    let notice = told(&world, &ada).await;
    for attempts in 1..6 {
        let claimed =
            race(8, |_| {
                let world = world.clone();
                let now = world.make.now();
                async move {
                    world.stores.notices.claim(Due { now, again_at: now + Duration::MINUTE, limit: 9 }).await.unwrap()
                }
            })
            .await;
        let claimed: Vec<Notice> = claimed.into_iter().flatten().collect();
        assert_eq!(claimed, [Notice { attempts, ..notice.clone() }], "not exactly one took it");
        world.make.clock.advance(Duration::MINUTE);
    }
}

/// A notice for somebody, which is due.
async fn told(world: &World, user: &User) -> Notice {
    let notice = world.make.notice(user.id, Method::Email);
    world.notify(&world.profile(user.id).await.user, std::slice::from_ref(&notice)).await;
    notice
}

async fn finish(world: &World, id: NoticeId, records: usize) {
    let events: Vec<_> = (0..records).map(|_| world.make.event("test.finished", None)).collect();
    world.stores.notices.finish(id, &events).await.unwrap();
}

async fn postpone(world: &World, id: NoticeId, at: OffsetDateTime) {
    world.stores.notices.postpone(id, at).await.unwrap();
}

fn ids(notices: &[Notice]) -> Vec<NoticeId> {
    notices.iter().map(|notice| notice.id).collect()
}

fn by_id(mut notices: Vec<Notice>) -> Vec<Notice> {
    notices.sort_by_key(|notice| notice.id);
    notices
}
