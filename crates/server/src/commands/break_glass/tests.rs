use std::sync::Arc;

use muster_domain::audit::Actor;
use muster_testkit::{Builders, FakePasswordHasher, MemoryStore};
use time::Duration;

use super::*;

fn accounts(make: &Builders, store: &MemoryStore) -> BreakGlassService {
    BreakGlassService {
        accounts: Arc::new(store.clone()),
        passwords: Arc::new(FakePasswordHasher::default()),
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    }
}

#[tokio::test]
async fn accounts_are_listed_with_what_became_of_them() {
    let (make, store) = (Builders::default(), MemoryStore::new());
    let accounts = accounts(&make, &store);
    let old = create(&accounts, " Safe ").await.unwrap();
    make.clock.advance(Duration::HOUR);
    assert_eq!(revoke(&accounts, "safe").await.unwrap(), "safe is revoked");
    let new = create(&accounts, "Safe").await.unwrap();
    let lines: Vec<String> = accounts.list().await.unwrap().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            format!("{}  made 2026-11-22T13:00:00Z  never used  works  Safe", new.user_id),
            format!("{}  made 2026-11-22T12:00:00Z  never used  revoked 2026-11-22T13:00:00Z  Safe", old.user_id),
        ]
    );
    let actors: Vec<Actor> = store.audit_trail().into_iter().map(|event| event.origin.actor).collect();
    let system = |name: &str| Actor::System { name: name.to_owned() };
    let (created, revoked) = (system("break-glass create"), system("break-glass revoke"));
    assert_eq!(actors, [created.clone(), revoked, created]);
}

#[tokio::test]
async fn what_cannot_be_done_is_told_why() {
    let (make, store) = (Builders::default(), MemoryStore::new());
    let accounts = accounts(&make, &store);
    create(&accounts, "Safe").await.unwrap();
    assert!(matches!(create(&accounts, "SAFE").await, Err(BreakGlassError::Create(CreateAccountError::NameTaken))));
    let error = create(&accounts, " ").await.unwrap_err();
    assert_eq!(error.to_string(), "the account's name must not be empty");
    assert!(matches!(revoke(&accounts, "other").await, Err(BreakGlassError::NotLive)));
}
