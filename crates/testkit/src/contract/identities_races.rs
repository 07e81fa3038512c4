use muster_domain::access::{AdmitOutcome, BindOutcome};
use muster_domain::directory::{Duplicate, InsertOutcome, UpdateOutcome, UserUpdate};
use muster_domain::user::User;

use crate::contract::World;
use crate::contract::directory_world::identity;
use crate::contract::race::{RACERS, count, race};

/// How often two calls race.
const ROUNDS: usize = 10;

pub async fn of_many_bindings_of_one_subject_at_once_exactly_one_is_made(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let outcomes = race(RACERS, |number| {
        let (world, user) = (world.clone(), [&ada, &grace][number % 2].clone());
        async move { world.try_bind(&world.binding("sub-1", &user)).await }
    })
    .await;
    assert_eq!(count(&outcomes, &BindOutcome::Bound), 1);
    assert_eq!(count(&outcomes, &BindOutcome::Stale), RACERS - 1);
    assert_eq!(world.recorded("test.bound").await, 1);
}

pub async fn of_many_admissions_of_one_subject_at_once_exactly_one_is_made(world: World) {
    let outcomes = race(RACERS, |number| {
        let world = world.clone();
        async move {
            let name = format!("eve{number}");
            world.try_admit(&world.newcomer(&name), &identity("sub-1", &[&name])).await
        }
    })
    .await;
    assert_eq!(count(&outcomes, &AdmitOutcome::Admitted), 1);
    assert_eq!(count(&outcomes, &AdmitOutcome::Known), RACERS - 1);
    assert_eq!(world.stores.directory.count_users().await.unwrap(), 1);
}

pub async fn of_many_admissions_of_one_name_at_once_exactly_one_is_made(world: World) {
    let outcomes = race(RACERS, |number| {
        let world = world.clone();
        async move { world.try_admit(&world.newcomer("eve"), &identity(&format!("sub-{number}"), &["eve"])).await }
    })
    .await;
    assert_eq!(count(&outcomes, &AdmitOutcome::Admitted), 1);
    assert_eq!(count(&outcomes, &AdmitOutcome::Known), RACERS - 1);
    assert_eq!(world.recorded("test.admitted").await, 1);
}

pub async fn no_leaver_is_admitted_while_they_are_renamed(world: World) {
    for round in 0..ROUNDS {
        let (name, other) = (format!("ada{round}"), format!("mail{round}"));
        let ada = world.user(&name).await;
        race(8, |number| {
            let (world, ada, name, other) = (world.clone(), ada.clone(), name.clone(), other.clone());
            async move {
                if number == 0 {
                    let left =
                        User { active: false, ..world.make.edit(&ada).user_name(&format!("283405f5{name}")).build() };
                    world.update(left).await;
                    return;
                }
                // The old name is what the token is for, or one beside it.
                let logins: &[&str] = if number % 2 == 0 { &[&name] } else { &[&other, &name] };
                let key = identity(&format!("sub-{round}-{number}"), logins);
                let outcome = world.try_admit(&world.newcomer(logins[0]), &key).await;
                assert_ne!(outcome, AdmitOutcome::Admitted, "a leaver was admitted");
            }
        })
        .await;
    }
    assert_eq!(world.stores.directory.count_users().await.unwrap(), ROUNDS as u64, "a leaver was admitted");
}

pub async fn an_admission_and_a_delivery_of_one_name_at_once_make_one_person(world: World) {
    for round in 0..ROUNDS {
        let name = format!("ada{round}");
        let made = race(2, |number| {
            let (world, name) = (world.clone(), name.clone());
            async move {
                if number == 0 {
                    let key = identity(&format!("sub-{round}"), &[&name]);
                    return world.try_admit(&world.newcomer(&name), &key).await == AdmitOutcome::Admitted;
                }
                let (user, event) = (world.make.user(&name).build(), world.make.event("test.delivered", None));
                world.stores.directory.insert_user(&user, &event).await.unwrap() == InsertOutcome::Inserted
            }
        })
        .await;
        assert_eq!(count(&made, &true), 1, "not exactly one person was made");
    }
}

pub async fn two_renames_that_swap_names_at_once_change_nothing(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    for _ in 0..ROUNDS {
        let outcomes = race(2, |number| {
            let world = world.clone();
            let (user, name) = [(ada.clone(), "grace"), (grace.clone(), "ada")][number].clone();
            async move {
                let update = world.next(world.make.edit(&user).user_name(name).build(), &[]);
                let event = world.make.event("test.swapped", Some(user.id));
                world.stores.directory.update_user(&update, &[event]).await.unwrap()
            }
        })
        .await;
        assert_eq!(outcomes, [UpdateOutcome::Taken, UpdateOutcome::Taken], "two people had one name");
    }
    assert_eq!(world.profile(ada.id).await.user, ada);
    assert_eq!(world.profile(grace.id).await.user, grace);
}

pub async fn a_merge_and_a_binding_at_once_leave_no_subject_to_the_duplicate(world: World) {
    for round in 0..ROUNDS {
        let name = format!("ada{round}");
        let ada = world.insert(world.make.user(&format!("283405f5{name}")).deactivated()).await;
        let twin = world.admit(&format!("sub-{round}"), &[&name]).await;
        race(4, |number| {
            let (world, ada, twin, name) = (world.clone(), ada.clone(), twin.clone(), name.clone());
            async move {
                if number > 0 {
                    world.try_bind(&world.binding(&format!("sub-{round}-{number}"), &twin)).await;
                    return;
                }
                let restored = User { active: true, ..world.make.edit(&ada).user_name(&name).build() };
                let duplicates = vec![Duplicate { id: twin.id, expected_version: twin.version }];
                world.apply(&UserUpdate { duplicates, ..world.next(restored, &[]) }).await;
            }
        })
        .await;
        for subject in [format!("sub-{round}"), format!("sub-{round}-1"), format!("sub-{round}-2")] {
            assert_eq!(world.candidates(&subject, &[]).await.bound, None, "a subject is bound to a duplicate");
        }
    }
}
