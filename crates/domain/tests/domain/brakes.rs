//! A directory that was emptied by mistake, or by an attacker, must not silence everybody's pager.

use muster_domain::audit::Origin;
use muster_domain::directory::{Brake, BrakePolicy, ChangeError, DirectoryReader, DirectoryService, EngagedBrake};
use muster_domain::user::User;
use time::Duration;

use crate::house::{House, raw, record};

const CLIENT: &str = "Okta";

fn with_brake(house: &mut House, percent: u8, free: u32) {
    house.directory.brake = BrakePolicy { percent, free };
}

async fn people(house: &House, count: usize) -> Vec<User> {
    let mut people = Vec::new();
    for number in 0..count {
        people.push(house.user(&format!("user{number}@example.com")).await);
    }
    people
}

async fn deactivate(directory: &DirectoryService, user: &User, client: &str) -> Result<User, ChangeError> {
    let mut wanted = raw(&user.user_name);
    wanted.active = Some(false);
    let wanted = record(wanted);
    directory.amend_user(user.id, None, client, &Origin::system(client), |_| Ok(wanted.clone())).await
}

#[test]
fn so_many_are_let_through() {
    let policy = BrakePolicy { percent: 10, free: 3 };
    for (active, allowed) in [(0, 3), (10, 3), (31, 3), (100, 10), (199, 19), (u64::MAX, u64::MAX / 100)] {
        assert_eq!(Brake::allowed(policy, active), allowed, "{active}");
    }
}

#[tokio::test]
async fn the_one_too_many_is_refused_and_everybody_after_it_until_an_admin_releases_the_brake() {
    let mut house = House::new();
    with_brake(&mut house, 10, 2);
    let people = people(&house, 12).await;
    let directory = &house.directory;
    for leaver in &people[..2] {
        deactivate(directory, leaver, CLIENT).await.unwrap();
    }
    let mark = house.mark();
    assert!(matches!(deactivate(directory, &people[2], CLIENT).await, Err(ChangeError::Braked)));
    assert!(matches!(deactivate(directory, &people[2], CLIENT).await, Err(ChangeError::Braked)));
    let removal = directory.remove_user(people[3].id, None, CLIENT, &house.origin).await;
    assert!(matches!(removal, Err(ChangeError::Braked)));
    let refused = "directory.deactivation.refused";
    let mut actions = house.actions_since(mark);
    actions.sort();
    assert_eq!(actions, ["directory.brake.engaged", refused, refused], "each person once");
    for stays in &people[2..4] {
        assert_eq!(house.store.user(stays.id).await.unwrap().as_ref(), Some(stays));
    }

    house.clock.advance(Duration::hours(30));
    assert!(matches!(deactivate(directory, &people[4], CLIENT).await, Err(ChangeError::Braked)), "time releases none");
    let engaged = directory.engaged_brakes().await.unwrap();
    let [EngagedBrake { client, refused: 3, .. }] = &engaged[..] else { panic!("{engaged:?}") };
    assert_eq!(client, CLIENT);

    assert!(directory.release_brake(CLIENT, &house.origin).await.unwrap());
    assert_eq!(house.last_event().action, "directory.brake.released");
    assert!(!directory.release_brake(CLIENT, &house.origin).await.unwrap());
    assert_eq!(directory.engaged_brakes().await.unwrap(), []);
    deactivate(directory, &people[4], CLIENT).await.unwrap();
}

#[tokio::test]
async fn leavers_who_come_one_by_one_are_never_delayed() {
    let mut house = House::new();
    with_brake(&mut house, 10, 2);
    for leaver in people(&house, 8).await {
        deactivate(&house.directory, &leaver, CLIENT).await.unwrap();
        house.clock.advance(Duration::minutes(31));
    }
}

#[tokio::test]
async fn each_client_has_its_own_brake_and_other_changes_pass() {
    let mut house = House::new();
    with_brake(&mut house, 1, 1);
    let people = people(&house, 6).await;
    let directory = &house.directory;
    deactivate(directory, &people[0], CLIENT).await.unwrap();
    assert!(matches!(deactivate(directory, &people[1], CLIENT).await, Err(ChangeError::Braked)));
    deactivate(directory, &people[1], "Entra").await.unwrap();
    let mut renamed = raw(&people[2].user_name);
    renamed.given_name = Some("Ada".to_owned());
    let renamed = record(renamed);
    let amended: Result<User, ChangeError> =
        directory.amend_user(people[2].id, None, CLIENT, &house.origin, |_| Ok(renamed.clone())).await;
    assert_eq!(amended.unwrap().given_name.as_deref(), Some("Ada"));
    directory.remove_user(people[0].id, None, CLIENT, &house.origin).await.expect("they were deactivated before");
}

#[tokio::test]
async fn without_a_brake_everybody_may_go() {
    let mut house = House::new();
    with_brake(&mut house, 100, 1);
    for leaver in people(&house, 5).await {
        deactivate(&house.directory, &leaver, CLIENT).await.unwrap();
    }
}
