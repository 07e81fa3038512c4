use muster_domain::UserId;
use muster_domain::page::Limit;
use muster_domain::user::{ChangeRoleError, Role, UserKey, UserQuery};
use serde_json::json;
use time::Duration;

use crate::house::House;

#[tokio::test]
async fn a_role_is_given_and_recorded() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.clock.advance(Duration::SECOND);
    let mark = house.mark();
    let profile = house.users.change_role(ada.id, Role::Admin, &house.origin).await.unwrap();
    assert_eq!((profile.user.role, profile.user.updated_at), (Role::Admin, house.now()));
    assert_eq!(house.users.profile(ada.id).await.unwrap(), Some(profile));
    assert_eq!(house.actions_since(mark), ["role.changed"]);
    let event = house.last_event();
    assert_eq!((event.subject, event.details), (Some(ada.id), json!({ "from": "user", "to": "admin" })));
}

#[tokio::test]
async fn giving_the_role_that_they_have_changes_nothing() {
    let house = House::new();
    let root = house.insert(house.make.user("root").admin()).await;
    let ada = house.user("ada").await;
    let mark = house.mark();
    house.users.change_role(root.id, Role::Admin, &house.origin).await.unwrap();
    house.users.change_role(ada.id, Role::User, &house.origin).await.unwrap();
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn the_last_active_admin_cannot_be_demoted() {
    let house = House::new();
    let root = house.insert(house.make.user("root").admin()).await;
    house.insert(house.make.user("gone").admin().deactivated()).await;
    let mark = house.mark();
    let refused = house.users.change_role(root.id, Role::User, &house.origin).await;
    assert!(matches!(refused, Err(ChangeRoleError::LastAdmin)));
    assert_eq!(house.actions_since(mark), [""; 0]);

    let ada = house.user("ada").await;
    house.users.change_role(ada.id, Role::Admin, &house.origin).await.unwrap();
    house.users.change_role(root.id, Role::User, &house.origin).await.unwrap();
}

#[tokio::test]
async fn nobody_has_no_role() {
    let house = House::new();
    let nobody = UserId::new(house.now(), &*house.make.entropy);
    let refused = house.users.change_role(nobody, Role::Admin, &house.origin).await;
    assert!(matches!(refused, Err(ChangeRoleError::NotFound)));
    assert_eq!(house.users.profile(nobody).await.unwrap(), None);
}

#[tokio::test]
async fn people_come_page_by_page() {
    let house = House::new();
    for name in ["Dora", "ada", "Cleo", "ben"] {
        house.user(name).await;
    }
    let mut query = UserQuery { limit: Limit::new(3).unwrap(), ..UserQuery::default() };
    let page = house.users.list(&query).await.unwrap();
    let names: Vec<&str> = page.items.iter().map(|user| user.user_name.as_str()).collect();
    assert_eq!((names, &page.next), (vec!["ada", "ben", "Cleo"], &Some(UserKey("cleo".to_owned()))));
    query.after = page.next;
    let page = house.users.list(&query).await.unwrap();
    assert_eq!((page.items[0].user_name.as_str(), page.items.len(), page.next), ("Dora", 1, None));
}

#[tokio::test]
async fn a_page_that_is_just_full_is_the_last() {
    let house = House::new();
    house.user("ada").await;
    house.user("ben").await;
    let query = UserQuery { limit: Limit::new(2).unwrap(), ..UserQuery::default() };
    let page = house.users.list(&query).await.unwrap();
    assert_eq!((page.items.len(), page.next), (2, None));
}

#[test]
fn a_limit_is_from_1_to_200() {
    assert_eq!(Limit::new(0), None);
    assert_eq!(Limit::new(1).map(Limit::get), Some(1));
    assert_eq!(Limit::new(200).map(Limit::get), Some(200));
    assert_eq!(Limit::new(201), None);
    assert_eq!(Limit::default().get(), 50);
}
