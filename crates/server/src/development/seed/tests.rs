use std::sync::Arc;

use muster_crypto::{Keyring, Pepper, SystemEntropy};
use muster_domain::audit::Actor;
use muster_domain::directory::BrakePolicy;
use muster_domain::verification::Masked;
use muster_testkit::MemoryStore;

use super::*;
use crate::wiring;

fn services(store: &MemoryStore) -> (DirectoryService, UserService) {
    let keyring = Arc::new(Keyring::new(&Pepper::generate(&SystemEntropy)));
    let store = Arc::new(store.clone());
    (wiring::directory(&store, keyring, BrakePolicy::default()), wiring::users(&store))
}

#[tokio::test]
async fn fresh_store_gets_an_admin_two_responders_and_two_teams() {
    let store = MemoryStore::new();
    let (directory, users) = services(&store);
    seed(&directory, &users).await.unwrap();

    let mut seen = Vec::new();
    for login in ["ada@example.com", "grace@example.com", "linus@example.com"] {
        let id = users.users.find_login(login).await.unwrap().unwrap().id;
        let person = users.profile(id).await.unwrap().unwrap();
        let phone = person.user.phone.as_ref().unwrap();
        assert!(phone.deliverable().is_some(), "{login} must be reachable by text message");
        let teams: Vec<_> = person.teams.iter().map(|team| format!("{} {}", team.name, team.role.as_str())).collect();
        let mask = Masked::phone(phone.as_str());
        seen.push(format!("{} {} {mask} {}", person.user.display_name, person.user.role.as_str(), teams.join(", ")));
    }
    assert_eq!(
        seen,
        [
            "Ada Lovelace admin ***0100 Payments observer, Platform team_admin",
            "Grace Hopper user ***0101 Payments responder, Platform responder",
            "Linus Torvalds user ***0102 Payments responder, Platform responder",
        ]
    );
}

#[tokio::test]
async fn seeding_again_changes_nothing() {
    let store = MemoryStore::new();
    let (directory, users) = services(&store);
    seed(&directory, &users).await.unwrap();
    let trail = store.audit_trail();
    seed(&directory, &users).await.unwrap();
    assert_eq!(store.audit_trail(), trail);
}

#[tokio::test]
async fn store_with_people_is_left_alone() {
    let store = MemoryStore::new();
    let (directory, users) = services(&store);
    let somebody = RawRecord { user_name: Some("somebody".to_owned()), ..RawRecord::default() };
    let record = DirectoryRecord::parse(somebody, None).unwrap();
    directory.apply_record(&record, DirectoryFeed::Import, &Origin::system("test")).await.unwrap();
    seed(&directory, &users).await.unwrap();
    assert_eq!(directory.directory.count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn everything_seeded_is_on_the_audit_trail_as_seeded() {
    let store = MemoryStore::new();
    let (directory, users) = services(&store);
    seed(&directory, &users).await.unwrap();
    let trail = store.audit_trail();
    assert!(trail.iter().all(|event| event.origin.actor == Actor::System { name: "seed".to_owned() }));
    let actions: Vec<_> = trail.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "seed.user.created",
            "seed.user.created",
            "seed.user.created",
            "role.changed",
            "seed.team.created",
            "seed.team.created"
        ]
    );
}
