use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use muster_domain::user::{EmailAddress, User, UserQuery};
use muster_domain::verification::{Census, Challenge, ChannelSet, Method};

use crate::contract::World;
use crate::contract::race::{RACERS, race};
use crate::contract::user_lists::{channels, every_subset, ready};

pub async fn among_nobody_nobody_is_ready_or_lacks_anything(world: World) {
    for required in (1..8).map(channels) {
        let missing = required.iter().map(|method| (method, 0)).collect();
        assert_eq!(take(&world, required).await, Census { active: 0, ready: 0, missing });
    }
}

pub async fn active_people_of_the_directory_are_counted_and_no_others(world: World) {
    let ada = ready(&world, "ada").await;
    world.user("unproven").await;
    let before = take(&world, ChannelSet::ALL).await;
    assert_eq!((before.active, before.ready), (2, 1));

    let (gone, removed) = (ready(&world, "gone").await, ready(&world, "removed").await);
    world.update(world.make.edit(&gone).deactivated().build()).await;
    world.removed(&removed).await;
    world.insert(world.make.user("local").local()).await;
    world.account("rescue").await;
    world.insert(world.make.user("never").deactivated()).await;
    assert_eq!(take(&world, ChannelSet::ALL).await, before, "somebody counts who is not active or not the directory's");

    let back = world.make.edit(&world.profile(gone.id).await.user).build();
    world.update(User { active: true, ..back }).await;
    let after = take(&world, ChannelSet::ALL).await;
    assert_eq!((after.active, after.ready), (3, 2), "who is active again does not count");
    world.update(User { active: false, ..ada }).await;
    let after = take(&world, ChannelSet::ALL).await;
    assert_eq!((after.active, after.ready), (2, 1));
}

pub async fn those_channels_alone_are_missing_that_are_on(world: World) {
    every_subset(&world).await;
    for required in (1..8).map(channels) {
        // Half of the eight subsets lack any one proof.
        let missing: Vec<(Method, u64)> = required.iter().map(|method| (method, 4)).collect();
        let lacking_none = 8 >> missing.len();
        let expected = Census { active: 8, ready: lacking_none, missing };
        assert_eq!(take(&world, required).await, expected, "{required:?}");
    }
}

pub async fn who_is_ready_follows_the_same_rule_as_a_persons_status(world: World) {
    every_subset(&world).await;
    let (ada, ben) = (ready(&world, "ada").await, ready(&world, "ben").await);
    let (eve, uma) = (ready(&world, "eve").await, world.user("uma").await);
    world.insert(world.make.user("nowhere").email(None).phone(None)).await;
    assert_agrees(&world).await;

    // A proof of another address, of one that is there no more, and of a device that went.
    let elsewhere = EmailAddress::parse("ben@elsewhere.example").unwrap();
    let moved = world.make.edit(&ben).email(Some(elsewhere)).build();
    let moved = world.update(moved).await;
    world.update(world.make.edit(&ada).phone(None).build()).await;
    let device = world.stores.devices.list(eve.id).await.unwrap().remove(0);
    let event = world.make.event("test.removed", Some(eve.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(eve.id, device.id), &event).await.unwrap());
    assert_agrees(&world).await;

    // The proof counts again when the address comes back, and a second device adds nothing.
    world.update(world.make.edit(&moved).email(ben.email.clone()).build()).await;
    world.device(&ben).await;
    world.challenge(&uma, Method::Email).await;
    assert_agrees(&world).await;
}

pub async fn a_census_is_of_one_moment(world: World) {
    let ada = world.user("ada").await;
    world.user("grace").await;
    let email = ChannelSet::of([Method::Email]).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writer = {
        let (world, mut ada, done) = (world.clone(), ada, Arc::clone(&done));
        async move {
            for round in 0.. {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                world.make.clock.advance(Challenge::COOLDOWN);
                world.prove(&ada, Method::Email).await;
                let address = EmailAddress::parse(&format!("ada{round}@example.com")).unwrap();
                let changed = world.make.edit(&ada).email(Some(address)).build();
                ada = world.apply(&world.next(changed, &[Method::Email])).await;
            }
        }
    };
    let writing = tokio::spawn(writer);
    let torn = race(RACERS / 4, |_| {
        let world = world.clone();
        async move {
            let mut torn = 0;
            for _ in 0..10 {
                let census = take(&world, email).await;
                torn += usize::from(census.active != 2 || census.active - census.ready != census.missing[0].1);
            }
            torn
        }
    })
    .await;
    done.store(true, Ordering::SeqCst);
    writing.await.unwrap();
    assert_eq!(torn.into_iter().sum::<usize>(), 0, "a census mixed what was with what is");
}

async fn take(world: &World, required: ChannelSet) -> Census {
    world.stores.readiness.census(required).await.unwrap()
}

/// Fails unless the census is what everybody's own status adds up to, whatever is required.
async fn assert_agrees(world: &World) {
    for required in (1..8).map(channels) {
        let people = world.people(&UserQuery { active: Some(true), ..UserQuery::default() }).await;
        let mut statuses = Vec::new();
        for person in &people {
            statuses.push(world.profile(person.id).await.verification(required, world.make.now()));
        }
        let lacking =
            |method: Method| statuses.iter().filter(|status| status.missing().contains(&method)).count() as u64;
        let expected = Census {
            active: people.len() as u64,
            ready: statuses.iter().filter(|status| status.can_be_on_call()).count() as u64,
            missing: required.iter().map(|method| (method, lacking(method))).collect(),
        };
        assert_eq!(take(world, required).await, expected, "when {required:?} are required");
    }
}
