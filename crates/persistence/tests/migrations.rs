//! The schema goes up and down, and health tells whether it is the one of this build.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what only tests call fails by panicking")]

mod kept;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationVersion;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use muster_domain::device::DeviceStore;
use muster_domain::verification::{
    Challenge, CodeHash, Fingerprint, Masked, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow, VerificationStore,
};
use muster_domain::{ChallengeId, DeviceId, StoreHealth, UserId};
use muster_persistence::Store;
use muster_testkit::Builders;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::kept::{
    SAME_TOKEN, assert_one_of_each_token, assert_whole, health, phones, records, sessions_and_records,
    who_awaits_the_directory, who_signed_in_and_who_was_delivered,
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> String {
        self.folder.path().join("muster.db").display().to_string()
    }

    fn store(&self) -> Store {
        Store::connect(&format!("sqlite://{}", self.path()), Handle::current()).unwrap()
    }

    fn connection(&self) -> SqliteConnection {
        SqliteConnection::establish(&self.path()).unwrap()
    }

    /// What the schema consists of, as it was written.
    fn schema(&self) -> Vec<String> {
        let written = "SELECT sql AS name FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name";
        let rows: Vec<Named> = diesel::sql_query(written).load(&mut self.connection()).unwrap();
        rows.into_iter().map(|row| row.name).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_goes_up_down_and_up_again() {
    let file = File::new();
    let store = file.store();
    let names = store.migrate().await.unwrap();
    assert_eq!(names.first().unwrap(), "0001_initial");
    let schema = file.schema();
    assert!(schema.len() > 10);

    file.connection().revert_all_migrations(MIGRATIONS).unwrap();
    assert!(file.schema().is_empty(), "{:?}", file.schema());

    assert_eq!(store.migrate().await.unwrap(), names);
    assert_eq!(file.schema(), schema);
    assert!(store.migrate().await.unwrap().is_empty());
}

#[test]
fn each_migration_goes_back_to_the_schema_before_it() {
    let file = File::new();
    while file.connection().has_pending_migration(MIGRATIONS).unwrap() {
        let before = file.schema();
        file.connection().run_next_migration(MIGRATIONS).unwrap();
        assert_ne!(file.schema(), before);
        file.connection().revert_last_migration(MIGRATIONS).unwrap();
        assert_eq!(file.schema(), before);
        file.connection().run_next_migration(MIGRATIONS).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_of_before_waits_and_streaks_bear_the_wait_that_held_for_them() {
    let file = File::new();
    file.connection().run_next_migration(MIGRATIONS).unwrap();
    let id = |last: u8| Uuid::from_bytes([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last]);
    let (ada, phone, challenge) = (UserId(id(1)), DeviceId(id(2)), ChallengeId(id(3)));
    let blob = |id: Uuid| format!("x'{}'", id.simple());
    let rows = format!(
        "INSERT INTO users (id, user_name, user_name_key, display_name, role, active, source, version, created_at,
            updated_at, search_key) VALUES ({ada}, 'ada', 'ada', 'Ada', 'user', 1, 'scim', 1, 0, 0, 'ada');
        INSERT INTO devices (id, user_id, platform, token, token_fingerprint, created_at, last_seen_at)
            VALUES ({phone}, {ada}, 'android', 'token', zeroblob(32), 0, 0);
        INSERT INTO challenges (user_id, method, id, device_id, destination, fingerprint, code_hash, opened_at,
            expires_at, failed_attempts, delivery)
            VALUES ({ada}, 'push', {challenge}, {phone}, 'Pixel', zeroblob(32), zeroblob(32), 1000000, 901000000, 3, '{{}}')",
        ada = blob(ada.0),
        phone = blob(phone.0),
        challenge = blob(challenge.0),
    );
    file.connection().batch_execute(&rows).unwrap();

    let store = file.store();
    assert_eq!(store.migrate().await.unwrap().first().unwrap(), "0002_send_limits");
    let kept = store.find_challenge(ada, Method::Push).await.unwrap().unwrap();
    let opened_at = OffsetDateTime::UNIX_EPOCH + Duration::SECOND;
    let expected = Challenge {
        id: challenge,
        user_id: ada,
        method: Method::Push,
        device_id: Some(phone),
        destination: Masked::from_stored("Pixel".to_owned()),
        fingerprint: Fingerprint::from([0; 32]),
        code_hash: CodeHash::from([0; 32]),
        opened_at,
        resend_after: opened_at + Duration::seconds(60),
        streak: 1,
        expires_at: opened_at + Duration::minutes(15),
        failed_attempts: 3,
        closure: None,
    };
    assert_eq!(kept, expected);
    let make = Builders::default();
    let quota = Quota { scope: QuotaScope::User(ada), window: QuotaWindow::Hour, max: 1 };
    let email = make.challenge(ada, Method::Email, Fingerprint::from([1; 32]));
    let opened = store.open_challenge(&email, &[quota], &make.event("test.opened", Some(ada))).await.unwrap();
    assert_eq!(opened, OpenOutcome::Opened);
    // The challenge still knows of its device's removal.
    assert!(store.remove(&make.device_removal(ada, phone), &make.event("test.removed", Some(ada))).await.unwrap());
    assert_eq!(store.find_challenge(ada, Method::Push).await.unwrap().unwrap().device_id, None);

    let challenges = "SELECT group_concat(method || failed_attempts || coalesce(delivery, '')) AS name FROM challenges";
    let rows = || -> Vec<Named> { diesel::sql_query(challenges).load(&mut file.connection()).unwrap() };
    let before = rows().remove(0).name;
    while file.connection().revert_last_migration(MIGRATIONS).unwrap() != MigrationVersion::from("0002") {}
    assert_eq!(rows().remove(0).name, before);
    assert!(before.contains("push3{}"), "{before}");
    store.migrate().await.unwrap();
    // Which key made the hash is not known any more.
    let code_hash = email.code_hash.hash.into();
    assert_eq!(store.find_challenge(ada, Method::Email).await.unwrap(), Some(Challenge { code_hash, ..email }));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_records_are_whole_after_going_down_and_up() {
    let file = File::new();
    let store = file.store();
    store.migrate().await.unwrap();
    let kept = sessions_and_records(&store).await;
    let before = records(&store).await;

    let mut connection = file.connection();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    while connection.revert_last_migration(MIGRATIONS).unwrap() != MigrationVersion::from("0005") {}
    let one = |query: &str| diesel::sql_query(query).get_result::<Named>(&mut file.connection()).unwrap().name;
    let reasons = "SELECT group_concat(coalesce(revoke_reason, 'live')) AS name
        FROM (SELECT revoke_reason FROM sessions ORDER BY revoke_reason)";
    assert_eq!(one(reasons), "live,revokedByOwner");
    let astray = "SELECT CAST(count(*) AS TEXT) AS name FROM pragma_foreign_key_check";
    assert_eq!(one(astray), "0");

    assert_eq!(
        store.migrate().await.unwrap(),
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
    assert_eq!(one(astray), "0");
    assert_whole(&store, &kept, &before).await;
    let orphan = "INSERT INTO refresh_tokens (hash, session_id, salt, created_at)
        VALUES (randomblob(32), randomblob(16), randomblob(16), 0)";
    assert!(connection.batch_execute(orphan).is_err(), "tokens name sessions as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signed_in_before_the_upgrade_still_awaits_the_directory() {
    let file = File::new();
    let store = file.store();
    store.migrate().await.unwrap();
    who_signed_in_and_who_was_delivered(&store).await;
    while file.connection().revert_last_migration(MIGRATIONS).unwrap() != MigrationVersion::from("0008") {}
    assert_eq!(store.migrate().await.unwrap().first().unwrap(), "0008_identities");
    assert_eq!(who_awaits_the_directory(&store).await, [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_devices_with_the_same_token_one_is_left() {
    let file = File::new();
    let store = file.store();
    store.migrate().await.unwrap();
    let phones = phones(&store).await;
    while file.connection().revert_last_migration(MIGRATIONS).unwrap() != MigrationVersion::from("0011") {}
    file.connection().batch_execute(SAME_TOKEN).unwrap();
    let store = file.store();
    assert_eq!(store.migrate().await.unwrap().first().unwrap(), "0011_key_ids");
    assert_one_of_each_token(&store, &phones).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_migrate_at_once_one_does_it() {
    let file = File::new();
    let migrating: Vec<_> =
        (0..8).map(|_| file.store()).map(|store| tokio::spawn(async move { store.migrate().await })).collect();
    let mut busy = 0;
    for one in migrating {
        busy += usize::from(!one.await.unwrap().unwrap().is_empty());
    }
    assert_eq!(busy, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_current_schema_is_healthy() {
    let file = File::new();
    let store = file.store();
    store.migrate().await.unwrap();
    store.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_without_a_migration_of_this_build_is_older() {
    let file = File::new();
    let store = file.store();
    let expected = "the schema is older than this build (migrations 0001, 0002, 0003, 0004, 0005, 0006, 0007, 0008, 0009, 0010, 0011, 0012, 0014): run `muster migrate`";
    assert_eq!(health(&store).await, expected, "an empty file");
    store.migrate().await.unwrap();
    file.connection().revert_all_migrations(MIGRATIONS).unwrap();
    assert_eq!(health(&store).await, expected, "one that went down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_with_a_migration_that_this_build_does_not_know_is_newer() {
    let file = File::new();
    let store = file.store();
    store.migrate().await.unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
    diesel::sql_query(newer).execute(&mut file.connection()).unwrap();
    let expected = "the schema is newer than this build (migrations 9999): run a newer build";
    assert_eq!(health(&store).await, expected);
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(engine);
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        entries
            .inspect(|entry| assert!(["up.sql", "down.sql"].iter().all(|file| entry.path().join(file).is_file())))
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
