//! The schema goes up and down, and health tells whether it is the one of this build.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what only tests call fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use muster_domain::{StoreError, StoreHealth};
use muster_persistence::Store;
use tempfile::TempDir;
use tokio::runtime::Handle;

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

async fn health(store: &Store) -> String {
    match store.check().await {
        Err(StoreError::Inconsistent { what }) => what,
        other => panic!("{other:?}"),
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
    let expected = "the schema is older than this build (migrations 0001, 0002): run `muster migrate`";
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
