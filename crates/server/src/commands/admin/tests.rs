use std::sync::Arc;

use muster_crypto::{Keyring, Pepper, SystemEntropy};
use muster_domain::audit::{Actor, DirectoryFeed};
use muster_domain::directory::{BrakePolicy, DirectoryRecord, RawRecord};
use muster_testkit::MemoryStore;

use super::*;

async fn store_with(user_name: &str, email: &str, active: bool) -> (MemoryStore, UserService) {
    let store = MemoryStore::new();
    let shared = Arc::new(store.clone());
    let keyring = Arc::new(Keyring::new(&Pepper::generate(&SystemEntropy)));
    let raw = RawRecord {
        user_name: Some(user_name.to_owned()),
        email: Some(email.to_owned()),
        active: Some(active),
        ..RawRecord::default()
    };
    let record = DirectoryRecord::parse(raw, None).unwrap();
    let directory = wiring::directory(&shared, keyring, BrakePolicy::default());
    directory.apply_record(&record, DirectoryFeed::Import, &Origin::system("test")).await.unwrap();
    (store, wiring::users(&shared))
}

#[tokio::test]
async fn person_becomes_an_admin_once_and_on_record() {
    let (store, users) = store_with("ada", "ada@example.com", true).await;
    assert_eq!(grant(&users, "ADA@example.com").await.unwrap(), "ada (ada) is an admin now");
    assert_eq!(grant(&users, "ada").await.unwrap(), "ada (ada) is an admin already");
    let grants: Vec<_> = store.audit_trail().into_iter().filter(|event| event.action == "role.changed").collect();
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].origin.actor, Actor::System { name: "admin grant".to_owned() });
}

#[tokio::test]
async fn nobody_of_that_name_is_told() {
    let (_, users) = store_with("ada", "ada@example.com", true).await;
    let error = grant(&users, "eve@example.com").await.unwrap_err();
    assert_eq!(error.to_string(), "no one person has the user name or e-mail address eve@example.com");
}

#[tokio::test]
async fn deactivated_admin_is_told_of() {
    let (_, users) = store_with("ada", "ada@example.com", false).await;
    let told = grant(&users, "ada").await.unwrap();
    assert_eq!(told, "ada (ada) is an admin now; they are deactivated and cannot sign in");
}
