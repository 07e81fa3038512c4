use muster_domain::UserId;
use muster_domain::user::User;

use crate::contract::World;
use crate::contract::directory_world::everything;
use crate::contract::race::race;

pub async fn a_person_is_read_as_the_directory_delivered_them_active_or_not(world: World) {
    let ada = world.insert(world.make.user("Ádá").external_id("00u1")).await;
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    for user in [&ada, &gone] {
        assert_eq!(read(&world, user.id).await.as_ref(), Some(user));
    }
    let mut expected = vec![ada, gone];
    expected.sort_by_key(|user| user.id);
    assert_eq!(everybody(&world).await, expected);
}

pub async fn nobody_is_read_who_is_not_on_record(world: World) {
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    assert_eq!(read(&world, nobody).await, None);
    assert_eq!(everybody(&world).await, []);
}

pub async fn no_local_account_is_read(world: World) {
    let ada = world.user("ada").await;
    let local = world.insert(world.make.user("local").admin().local()).await;
    let (rescue, _) = world.account("rescue").await;
    for user in [&local, &rescue] {
        assert_eq!(read(&world, user.id).await, None, "a local account was read");
    }
    let among = world.stores.delivered.known_among(&[local.id, ada.id, rescue.id]).await.unwrap();
    assert_eq!(among, [ada.id], "a local account is known");
    assert_eq!(everybody(&world).await, [ada], "a local account was found");
}

pub async fn nobody_whom_the_directory_removed_is_read(world: World) {
    let (ada, gone) = (world.user("ada").await, world.user("gone").await);
    world.removed(&gone).await;
    assert_eq!(read(&world, gone.id).await, None, "somebody removed was read");
    assert_eq!(everybody(&world).await, std::slice::from_ref(&ada), "somebody removed was found");
    let among = world.stores.delivered.known_among(&[gone.id, ada.id]).await.unwrap();
    assert_eq!(among, [ada.id], "somebody removed is known");
}

pub async fn of_some_people_those_are_known_who_are_on_record(world: World) {
    let mut expected = Vec::new();
    let mut asked = Vec::new();
    for number in 0..100 {
        let user = world.make.user(&format!("u{number}"));
        let user = if number % 7 == 0 { user.deactivated() } else { user };
        expected.push(world.insert(user).await.id);
        asked.push(UserId::new(world.make.now(), &*world.make.entropy));
    }
    world.user("not-asked-for").await;
    asked.extend(expected.iter().rev());
    let mut known = world.stores.delivered.known_among(&asked).await.unwrap();
    known.sort_unstable();
    expected.sort_unstable();
    assert_eq!(known, expected);
    assert_eq!(world.stores.delivered.known_among(&[]).await.unwrap(), []);
}

pub async fn what_is_read_is_never_a_stale_answer(world: World) {
    let mut ada = world.user("ada").await;
    assert_eq!(read(&world, ada.id).await, Some(ada.clone()));
    for turn in 0..20 {
        world.tick();
        ada = world.update(world.make.edit(&ada).display_name(&format!("Ada {turn}")).build()).await;
        let seen = race(4, |_| {
            let (world, id) = (world.clone(), ada.id);
            async move { (read(&world, id).await, everybody(&world).await) }
        })
        .await;
        for (one, all) in seen {
            assert_eq!((one, all), (Some(ada.clone()), vec![ada.clone()]), "somebody shows as they were");
        }
    }
}

async fn read(world: &World, id: UserId) -> Option<User> {
    world.stores.delivered.user(id).await.unwrap()
}

async fn everybody(world: &World) -> Vec<User> {
    world.stores.delivered.users(&everything()).await.unwrap().items
}
