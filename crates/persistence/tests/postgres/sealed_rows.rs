//! Somebody changed a sealed record by hand: whatever they wrote, the others are read as before.

use muster_domain::audit::chain::{AuditChain, ChainMark, SealHash, Sealing};
use muster_domain::directory::DirectoryStore;
use muster_domain::{KeyId, StoreError};
use muster_persistence::Store;
use muster_testkit::Builders;
use muster_testkit_postgres::Database;

use crate::{run, store};

/// A store with three sealed records, and without the checks of the tables that keep them.
async fn sealed() -> (Store, Database) {
    let (store, database) = store().await;
    let make = Builders::default();
    for name in ["ada", "grace", "linus"] {
        let user = make.user(name).build();
        store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    }
    let records = store.unsealed(3).await.unwrap().records;
    let seals = records.iter().zip(1..).map(|(record, n)| (record.id, SealHash([n; 32]))).collect();
    let head = ChainMark { position: 3, hash: SealHash([3; 32]), mac: SealHash([9; 32]) };
    assert!(store.seal(&Sealing { after: None, seals, key: KeyId([1; 4]), head }).await.unwrap());
    let checks = "DO $$ DECLARE found record; BEGIN
        FOR found IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
            WHERE contype = 'c' AND conrelid::regclass::text LIKE 'audit\\_%'
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.of, found.conname); END LOOP;
    END $$";
    run(&database.url, checks).await;
    (store, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_record_that_cannot_be_read_holds_up_no_other() {
    for broken in [
        "details = 'not JSON'",
        "actor_type = 'user', actor_id = NULL, actor_name = NULL",
        "actor_type = 'nobody'",
        "ip = 'here'",
        "at = 'infinity'",
        "at = '-infinity'",
        "at = '20000-01-01'",
        "seal = '\\x00'",
        "seal = NULL",
    ] {
        let (store, database) = sealed().await;
        let before = store.sealed(0, 10).await.unwrap();
        run(&database.url, &format!("UPDATE audit_events SET {broken} WHERE position = 2")).await;
        let after = store.sealed(0, 10).await.unwrap();
        assert_eq!(after.iter().map(|record| record.position).collect::<Vec<_>>(), [1, 2, 3], "{broken}");
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]), "{broken}");
        assert_eq!((after[1].id, &after[1].event), (before[1].id, &None), "{broken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_cannot_be_read_is_reported() {
    for (broken, expected) in [
        ("mac = '\\x00'", "a column holds what its type cannot be"),
        ("position = -1", "audit_chain: position is no place"),
        ("mark = 'tail'", "audit_chain: mark is none of its known names"),
    ] {
        let (store, database) = sealed().await;
        run(&database.url, &format!("UPDATE audit_chain SET {broken}")).await;
        match store.marks().await {
            Err(StoreError::Inconsistent { what }) => assert_eq!(what, expected, "{broken}"),
            other => panic!("{other:?}"),
        }
    }
}
