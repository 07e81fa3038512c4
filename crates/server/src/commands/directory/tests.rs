use muster_domain::audit::Actor;
use muster_domain::directory::{BrakePolicy, ChangeError, DirectoryRecord, RawRecord};
use muster_testkit::{Builders, FakeHasher, MemoryStore};
use time::Duration;

use super::*;

fn directory(make: &Builders, store: &MemoryStore) -> DirectoryService {
    DirectoryService {
        directory: Arc::new(store.clone()),
        reader: Arc::new(store.clone()),
        fingerprinter: Arc::new(FakeHasher::default()),
        brake: BrakePolicy { percent: 1, free: 1 },
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    }
}

/// A client deactivates so many people, of whom one is let through.
async fn deactivates(directory: &DirectoryService, client: &str, people: usize) {
    for number in 0..people {
        let origin = Origin::system("test");
        let raw = RawRecord { user_name: Some(format!("{client} {number}")), ..RawRecord::default() };
        let user =
            directory.create_user(&DirectoryRecord::parse(raw.clone(), None).unwrap(), "Okta", &origin).await.unwrap();
        let gone = DirectoryRecord::parse(RawRecord { active: Some(false), ..raw }, None).unwrap();
        let outcome = directory.amend_user(user.id, None, client, &origin, |_| Ok(gone.clone())).await;
        assert_eq!(matches!(outcome, Err(ChangeError::Braked)), number > 0, "{outcome:?}");
    }
}

#[tokio::test]
async fn without_a_brake_there_is_nothing_to_tell_or_to_release() {
    let (make, store) = (Builders::default(), MemoryStore::new());
    let directory = directory(&make, &store);
    deactivates(&directory, "Okta", 1).await;
    assert_eq!(status(&directory).await.unwrap(), ["no brake is engaged"]);
    assert_eq!(release(&directory, None).await.unwrap_err().to_string(), "no brake is engaged");
    let error = release(&directory, Some("Okta\u{1b}[2J")).await.unwrap_err().to_string();
    assert_eq!(error, "no brake is engaged for Okta\\u{1b}[2J: muster directory status");
}

#[tokio::test]
async fn one_clients_brake_is_released_or_all_that_are_engaged() {
    let (make, store) = (Builders::default(), MemoryStore::new());
    let directory = directory(&make, &store);
    deactivates(&directory, "Okta", 3).await;
    make.clock.advance(Duration::MINUTE);
    deactivates(&directory, "Entra", 2).await;
    assert_eq!(
        status(&directory).await.unwrap(),
        [
            "Entra: engaged since 2026-11-22T12:01:00Z, people refused: 1",
            "Okta: engaged since 2026-11-22T12:00:00Z, people refused: 2",
        ]
    );
    let released = |client: &str| format!("{client}: released; the directory's next deactivations are counted anew");
    assert_eq!(release(&directory, Some("Okta")).await.unwrap(), [released("Okta")]);
    assert!(matches!(release(&directory, Some("Okta")).await, Err(DirectoryError::NotEngaged(_))));
    assert_eq!(release(&directory, None).await.unwrap(), [released("Entra")]);
    assert_eq!(status(&directory).await.unwrap(), ["no brake is engaged"]);
    let released: Vec<_> =
        store.audit_trail().into_iter().filter(|event| event.action == "directory.brake.released").collect();
    assert_eq!(released.len(), 2);
    let operator = Actor::System { name: "directory release".to_owned() };
    assert!(released.iter().all(|event| event.origin.actor == operator));
}
