//! What migrations leave for after their transactions: nothing waits for it, and an interruption is made good.

use std::future::Future;
use std::time::Duration;

use muster_domain::{StoreError, StoreHealth};
use muster_persistence::Store;
use muster_testkit_postgres::{Cluster, Database, empty_database};
use tokio::runtime::Handle;
use tokio_postgres::Client;

use crate::migrations::migrations;
use crate::{connect, number, row, run};

const ONE_WITH_A_PROOF: &str = "INSERT INTO users (id, user_name, user_name_key, display_name, email, email_key,
    email_fingerprint, role, active, source, version, created_at, updated_at, search_key)
    SELECT id, name, name, name, name, name, sha256('mail'), 'user', true, 'scim', 1, now(), now(), name
    FROM (VALUES (gen_random_uuid(), 'ada'), (gen_random_uuid(), 'eve')) AS people (id, name);
    INSERT INTO proofs SELECT id, 'email', sha256('mail'), now() FROM users WHERE user_name = 'ada'";

fn open(url: &str) -> Store {
    Store::connect(url, Handle::current()).unwrap()
}

/// Asks until it is so.
async fn until<Asking: Future<Output = bool>>(what: &str, asks: impl Fn() -> Asking) {
    for _ in 0..3_000 {
        if asks().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that: {what}");
}

/// A database of release 0005 with two people, of whom Ada has proven her e-mail address.
async fn of_release_5() -> Database {
    let database = empty_database().await;
    open(&database.url).migrate().await.unwrap();
    let down: String = migrations().into_iter().skip(5).rev().map(|[_, down]| down).collect();
    run(
        &database.url,
        &format!("BEGIN; {down}; DELETE FROM __diesel_schema_migrations WHERE version > '0005'; COMMIT"),
    )
    .await;
    run(&database.url, ONE_WITH_A_PROOF).await;
    database
}

/// A transaction with a snapshot, for whose end every concurrent build of an index waits.
async fn with_snapshot(url: &str) -> Client {
    let client = connect(url).await;
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class").await.unwrap();
    client
}

/// The process that builds an index and waits for others.
const BUILDER: &str = "SELECT coalesce(max(pid), 0)::bigint FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event = 'virtualxid'";

async fn reach_of(url: &str, name: &str) -> i64 {
    number(url, &format!("SELECT reach::bigint FROM users WHERE user_name = '{name}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_read_and_written_while_the_indexes_of_an_upgrade_are_built() {
    let database = of_release_5().await;
    let onlooker = with_snapshot(&database.url).await;
    let store = open(&database.url);
    let migrating = tokio::spawn(async move { store.migrate().await });
    until("an index is built", async || number(&database.url, BUILDER).await > 0).await;
    assert_eq!(reach_of(&database.url, "ada").await, 1, "the column was filled before its index was built");
    let proves = "SET statement_timeout = '10s';
        INSERT INTO proofs SELECT id, 'email', sha256('mail'), now() FROM users WHERE user_name = 'eve';
        UPDATE users SET display_name = 'Eve' WHERE user_name = 'eve'";
    run(&database.url, proves).await;
    assert_eq!(reach_of(&database.url, "eve").await, 1, "the triggers keep it meanwhile");
    let unfinished = open(&database.url).check().await;
    assert!(matches!(unfinished, Err(StoreError::Inconsistent { .. })), "{unfinished:?}");
    onlooker.batch_execute("COMMIT").await.unwrap();
    let done = migrating.await.unwrap().unwrap();
    assert!(done.contains(&"0006_lists: users_by_gram".to_owned()), "{done:?}");
    assert!(done.contains(&"0009_session_limits: drop sessions_by_user".to_owned()), "{done:?}");
    open(&database.url).check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_whose_build_was_interrupted_is_built_anew() {
    let database = of_release_5().await;
    let onlooker = with_snapshot(&database.url).await;
    let store = open(&database.url);
    let migrating = tokio::spawn(async move { store.migrate().await });
    until("an index is built", async || number(&database.url, BUILDER).await > 0).await;
    let kill = format!("SELECT pg_terminate_backend(({BUILDER})::int)");
    assert!(row(&database.url, &kill).await.get::<_, bool>(0));
    let failed = migrating.await.unwrap();
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    onlooker.batch_execute("COMMIT").await.unwrap();
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(number(&database.url, invalid).await, 1, "the build was interrupted too late or too early");

    let store = open(&database.url);
    let told = store.check().await.unwrap_err().to_string();
    assert!(told.contains("lacks indexes") && told.contains("users_listed_by_reach, users_listed"), "{told}");
    let pending: Vec<String> = store.pending_migrations().await.unwrap().into_iter().map(|step| step.name).collect();
    assert_eq!(pending[..2], ["0006_lists: fill users.reach", "0006_lists: users_listed_by_reach"]);
    assert_eq!(store.migrate().await.unwrap(), pending);
    assert_eq!(number(&database.url, invalid).await, 0);
    store.check().await.unwrap();
    assert_eq!(store.migrate().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_whose_transactions_keep_their_snapshots_is_migrated() {
    let database = of_release_5().await;
    let name = database.url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let isolation = format!("ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'");
    run(&database.url, &isolation).await;
    let store = open(&database.url);
    let migrated = tokio::time::timeout(Duration::from_mins(1), store.migrate()).await;
    migrated.expect("the build of an index waits for the transaction that guards it").unwrap();
    store.check_schema().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_current_schema_is_migrated_without_a_right_to_create() {
    let (_store, database) = crate::store().await;
    let reader = format!("reader_{:x}", fastrand::u64(..));
    run(&database.url, &format!("CREATE ROLE {reader} LOGIN; GRANT SELECT ON __diesel_schema_migrations TO {reader}"))
        .await;
    let url = database.url.replacen("postgres://postgres@", &format!("postgres://{reader}@"), 1);
    let store = open(&url);
    assert_eq!(store.migrate().await.unwrap(), Vec::<String>::new());
    store.check_schema().await.unwrap();
    run(&database.url, &format!("DROP OWNED BY {reader}; DROP ROLE {reader}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_has_a_current_schema_and_is_not_ready() {
    let (primary, standby) = Cluster::start_with_standby(&[]).await;
    open(&primary.url("postgres")).migrate().await.unwrap();
    let on_standby = open(&standby.url("postgres"));
    until("the standby has the schema", async || on_standby.check_schema().await.is_ok()).await;
    assert_eq!(on_standby.migrate().await.unwrap(), Vec::<String>::new());
    assert!(on_standby.pending_migrations().await.unwrap().is_empty());
    let not_ready = on_standby.check().await;
    assert!(matches!(not_ready, Err(StoreError::Unavailable(_))), "{not_ready:?}");

    // A failover that leaves the standby alone, and then one that promotes it.
    let both = format!("{},{}", primary.tcp_url("postgres"), standby.tcp_url("postgres"));
    let hosts: Vec<&str> =
        both.split(',').map(|url| url.split_once('@').unwrap().1.split('/').next().unwrap()).collect();
    let store = open(&format!("postgres://postgres@{}/postgres", hosts.join(",")));
    store.check().await.unwrap();
    primary.kill();
    let alone = store.check().await;
    assert!(matches!(alone, Err(StoreError::Unavailable(_))), "{alone:?}");
    standby.promote().await;
    // Its commits wait for no standby of its own.
    until("the promoted standby is ready", async || store.check().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_turns_read_only_is_not_ready_until_it_is_writable_again() {
    let cluster = Cluster::start().await;
    let url = cluster.url("postgres");
    let store = open(&url);
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    let set = async |value: &str| {
        let client = connect(&url).await;
        client.batch_execute(&format!("ALTER SYSTEM SET default_transaction_read_only = {value}")).await.unwrap();
        client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    };
    set("on").await;
    until("connections that are open are told", async || store.check().await.is_err()).await;
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    let fresh = open(&url);
    assert!(matches!(fresh.check().await, Err(StoreError::Unavailable(_))), "new connections");
    assert_eq!(fresh.migrate().await.unwrap(), Vec::<String>::new(), "nothing is to be migrated");
    // `ALTER SYSTEM` writes no table.
    set("off").await;
    until("it is writable again", async || store.check().await.is_ok() && fresh.check().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_not_ready_until_there_is_room() {
    let (store, database) = crate::store().await;
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON write_probes EXECUTE FUNCTION full_disk()";
    run(&database.url, full).await;
    for _ in 0..2 {
        let told = store.check().await;
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "a failure is remembered: {told:?}");
    }
    store.check_usable().await.unwrap();
    run(&database.url, "DROP TRIGGER full_disk ON write_probes").await;
    store.check().await.unwrap();
    assert_eq!(number(&database.url, "SELECT count(*) FROM write_probes").await, 0, "a trial leaves nothing");
}
