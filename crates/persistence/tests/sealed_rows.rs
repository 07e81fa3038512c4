//! Somebody changed a sealed record by hand: whatever they wrote, the others are read as before.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use muster_domain::audit::chain::{AuditChain, ChainMark, SealHash, Sealing};
use muster_domain::directory::DirectoryStore;
use muster_domain::{AuditId, KeyId, StoreError};
use muster_persistence::Store;
use muster_testkit::Builders;
use tempfile::TempDir;
use tokio::runtime::Handle;
use uuid::Uuid;

/// A store with three sealed records.
async fn sealed() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("muster.db").display());
    let store = Store::connect(&url, Handle::current()).unwrap();
    store.migrate().await.unwrap();
    let make = Builders::default();
    for name in ["ada", "grace", "linus"] {
        let user = make.user(name).build();
        store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    }
    let records = store.unsealed(3).await.unwrap().records;
    let seals = records.iter().zip(1..).map(|(record, n)| (record.id, SealHash([n; 32]))).collect();
    let head = ChainMark { position: 3, hash: SealHash([3; 32]), mac: SealHash([9; 32]) };
    assert!(store.seal(&Sealing { after: None, seals, key: KeyId([1; 4]), head }).await.unwrap());
    (store, folder)
}

fn change(folder: &TempDir, statement: &str) {
    let path = folder.path().join("muster.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
    assert_eq!(diesel::sql_query(statement).execute(&mut connection).unwrap(), 1, "{statement}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_record_that_cannot_be_read_holds_up_no_other() {
    for broken in [
        "details = 'not JSON'",
        "action = CAST(x'ff' AS TEXT)",
        "user_agent = CAST(x'ff' AS TEXT)",
        "actor_type = 'user', actor_id = NULL, actor_name = NULL",
        "actor_id = x'00'",
        "ip = 'here'",
        "at = 9223372036854775807",
        "at = -9223372036854775807",
        "seal = x'00'",
        "seal = NULL",
        "id = x'00'",
    ] {
        let (store, folder) = sealed().await;
        let before = store.sealed(0, 10).await.unwrap();
        change(&folder, &format!("UPDATE audit_events SET {broken} WHERE position = 2"));
        let after = store.sealed(0, 10).await.unwrap();
        assert_eq!(after.iter().map(|record| record.position).collect::<Vec<_>>(), [1, 2, 3], "{broken}");
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]), "{broken}");
        let id = if broken.starts_with("id") { AuditId(Uuid::nil()) } else { before[1].id };
        assert_eq!((after[1].id, &after[1].event), (id, &None), "{broken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_cannot_be_read_is_reported() {
    for (broken, expected) in [
        ("mac = x'00'", "a column holds what its type cannot be"),
        ("position = -1", "audit_chain: position is no place"),
        ("mark = 'tail'", "audit_chain: mark is none of its known names"),
    ] {
        let (store, folder) = sealed().await;
        change(&folder, &format!("UPDATE audit_chain SET {broken}"));
        match store.marks().await {
            Err(StoreError::Inconsistent { what }) => assert_eq!(what, expected, "{broken}"),
            other => panic!("{other:?}"),
        }
    }
}
