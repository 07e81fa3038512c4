//! The schema goes up and down, and health tells whether it is the one of this build.

use std::fs;
use std::path::Path;

use muster_domain::StoreHealth;
use muster_domain::device::DeviceStore;
use muster_domain::directory::DirectoryStore;
use muster_domain::verification::{Challenge, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow, VerificationStore};
use muster_persistence::Store;
use muster_testkit::Builders;
use muster_testkit_postgres::empty_database;
use time::Duration;
use tokio::runtime::Handle;

use crate::kept::{
    SAME_TOKEN, assert_one_of_each_token, assert_whole, health, phones, records, sessions_and_records,
    who_awaits_the_directory, who_signed_in_and_who_was_delivered,
};
use crate::{number, row, run};

fn open(url: &str) -> Store {
    Store::connect(url, Handle::current()).unwrap()
}

/// What each migration runs to go up and to go down, in their order.
pub(crate) fn migrations() -> Vec<[String; 2]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut migrations: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.sort_unstable();
    let text = |folder: &Path, name| fs::read_to_string(folder.join(name)).unwrap();
    migrations.iter().map(|folder| ["up.sql", "down.sql"].map(|name| text(folder, name))).collect()
}

/// Takes back every migration, the last one first.
async fn revert(url: &str) {
    for [_, down] in migrations().iter().rev() {
        run(url, down).await;
    }
    run(url, "DELETE FROM __diesel_schema_migrations").await;
}

/// All columns, indexes and constraints but those of diesel's own table.
async fn schema(url: &str) -> Vec<String> {
    let described = "SELECT coalesce(array_agg(line ORDER BY line), '{}') FROM (
        SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, collation_name) AS line, table_name
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT concat_ws(' ', relname, reloptions), relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
        UNION ALL SELECT indexdef, tablename FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT concat_ws(' ', relname, conname, pg_get_constraintdef(pg_constraint.oid)), relname
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE connamespace = 'public'::regnamespace
    ) AS lines WHERE table_name NOT LIKE '\\_\\_%'";
    row(url, described).await.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_goes_up_down_and_up_again() {
    let database = empty_database().await;
    let store = open(&database.url);
    let names = store.migrate().await.unwrap();
    assert_eq!(names.first().unwrap(), "0001_initial");
    let before = schema(&database.url).await;
    assert!(before.len() > 100, "{before:?}");

    revert(&database.url).await;
    assert!(schema(&database.url).await.is_empty());

    assert_eq!(store.migrate().await.unwrap(), names);
    assert_eq!(schema(&database.url).await, before);
    assert!(store.migrate().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_migration_goes_back_to_the_schema_before_it() {
    let database = empty_database().await;
    for [up, down] in migrations() {
        let before = schema(&database.url).await;
        run(&database.url, &up).await;
        assert_ne!(schema(&database.url).await, before);
        run(&database.url, &down).await;
        assert_eq!(schema(&database.url).await, before);
        run(&database.url, &up).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_of_before_waits_and_streaks_bear_the_wait_that_held_for_them() {
    let (store, database) = crate::store().await;
    let down: String = migrations().into_iter().skip(1).rev().map(|[_, down]| down).collect();
    let back = format!("BEGIN; {down}; DELETE FROM __diesel_schema_migrations WHERE version >= '0002'; COMMIT");
    let make = Builders::default();
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    let device = make.device(ada.id);
    store.register(&device, 1, None, &make.registration_events(&device)).await.unwrap();
    let patient = |challenge: Challenge| Challenge {
        resend_after: challenge.opened_at + Duration::minutes(4),
        streak: 4,
        ..challenge
    };
    let push = patient(make.push_challenge(&device));
    let email = patient(make.challenge(ada.id, Method::Email, ada.email_fingerprint.unwrap()));
    let quota = Quota { scope: QuotaScope::Installation, window: QuotaWindow::Hour, max: 2 };
    for challenge in [&push, &email] {
        let opened = store.open_challenge(challenge, &[quota], &make.event("test.opened", Some(ada.id))).await;
        assert_eq!(opened.unwrap(), OpenOutcome::Opened);
    }

    run(&database.url, &back).await;
    assert_eq!(number(&database.url, "SELECT count(*) FROM challenges").await, 2);
    assert_eq!(store.migrate().await.unwrap().first().unwrap(), "0002_send_limits");
    for challenge in [push, email] {
        let found = store.find_challenge(ada.id, challenge.method).await.unwrap();
        let resend_after = challenge.opened_at + Duration::seconds(60);
        // Which key made the hash is not known any more.
        let code_hash = challenge.code_hash.hash.into();
        assert_eq!(found, Some(Challenge { resend_after, streak: 1, code_hash, ..challenge }));
    }
    let next = Challenge { opened_at: make.now() + Duration::HOUR, ..make.push_challenge(&device) };
    let opened = store.open_challenge(&next, &[quota], &make.event("test.opened", Some(ada.id))).await;
    assert_eq!(opened.unwrap(), OpenOutcome::Opened);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_records_are_whole_after_going_down_and_up() {
    let (store, database) = crate::store().await;
    let kept = sessions_and_records(&store).await;
    let before = records(&store).await;

    let down: String = migrations().into_iter().skip(4).rev().map(|[_, down]| down).collect();
    let back = format!("BEGIN; {down}; DELETE FROM __diesel_schema_migrations WHERE version >= '0005'; COMMIT");
    run(&database.url, &back).await;
    let reasons = "SELECT string_agg(coalesce(revoke_reason, 'live'), ',' ORDER BY revoke_reason) FROM sessions";
    assert_eq!(row(&database.url, reasons).await.get::<_, String>(0), "revokedByOwner,live");

    // The store's connections know statements of the schema before it.
    let store = open(&database.url);
    let mut applied = store.migrate().await.unwrap();
    applied.retain(|name| !name.contains(':'));
    assert_eq!(
        applied,
        [
            "0005_operations",
            "0006_lists",
            "0007_sessions",
            "0008_identities",
            "0009_session_limits",
            "0010_password_tags",
            "0011_key_ids",
            "0012_given_contacts",
            "0014_write_probes"
        ]
    );
    assert_whole(&store, &kept, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signed_in_before_the_upgrade_still_awaits_the_directory() {
    let (store, database) = crate::store().await;
    who_signed_in_and_who_was_delivered(&store).await;
    let down: String = migrations().into_iter().skip(7).rev().map(|[_, down]| down).collect();
    let back = format!("BEGIN; {down}; DELETE FROM __diesel_schema_migrations WHERE version >= '0008'; COMMIT");
    run(&database.url, &back).await;
    let store = open(&database.url);
    assert_eq!(store.migrate().await.unwrap().first().unwrap(), "0008_identities");
    assert_eq!(who_awaits_the_directory(&store).await, [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_devices_with_the_same_token_one_is_left() {
    let (store, database) = crate::store().await;
    let phones = phones(&store).await;
    let down: String = migrations().into_iter().skip(10).rev().map(|[_, down]| down).collect();
    let back = format!("BEGIN; {down}; DELETE FROM __diesel_schema_migrations WHERE version >= '0011'; COMMIT");
    run(&database.url, &back).await;
    run(&database.url, SAME_TOKEN).await;
    let store = open(&database.url);
    assert_eq!(store.migrate().await.unwrap().first().unwrap(), "0011_key_ids");
    assert_one_of_each_token(&store, &phones).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_migrate_at_once_one_does_it() {
    let database = empty_database().await;
    let migrating: Vec<_> =
        (0..8).map(|_| open(&database.url)).map(|store| tokio::spawn(async move { store.migrate().await })).collect();
    let mut busy = 0;
    for one in migrating {
        busy += usize::from(!one.await.unwrap().unwrap().is_empty());
    }
    assert_eq!(busy, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_without_a_migration_of_this_build_is_older() {
    let database = empty_database().await;
    let store = open(&database.url);
    let expected = "the schema is older than this build (migrations 0001, 0002, 0003, 0004, 0005, 0006, 0007, 0008, 0009, 0010, 0011, 0012, 0014): run `muster migrate`";
    assert_eq!(health(&store).await, expected, "an empty database");
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    revert(&database.url).await;
    assert_eq!(health(&store).await, expected, "one that went down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_with_a_migration_that_this_build_does_not_know_is_newer() {
    let (store, database) = crate::store().await;
    run(&database.url, "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").await;
    let expected = "the schema is newer than this build (migrations 9999): run a newer build";
    assert_eq!(health(&store).await, expected);
}
