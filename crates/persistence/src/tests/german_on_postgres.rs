//! What becomes of PostgreSQL's errors when their messages are not English, each in real life.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use muster_domain::StoreError;
use muster_domain::device::DeviceStore;
use muster_domain::directory::DirectoryStore;
use muster_domain::user::{ProfileReader, User, UserStore};
use muster_testkit::Builders;
use muster_testkit_postgres::Cluster;
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls};

use crate::db::{Db, PgConn, with_conn, with_tx};
use crate::error::DbError;
use crate::{Store, StoreOptions};

struct Case {
    cluster: Cluster,
    store: Store,
    ada: User,
    make: Builders,
    /// A connection beside the store's.
    other: Client,
}

impl Case {
    async fn new() -> Self {
        let cluster = Cluster::start_in_german(&[]).await;
        let store = Store::connect(&cluster.url("postgres"), Handle::current()).unwrap();
        store.migrate().await.unwrap();
        let make = Builders::default();
        let ada = make.user("ada").build();
        store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
        let other = beside(&cluster).await;
        Self { cluster, store, ada, make, other }
    }

    /// A store whose sessions have these settings.
    fn with(&self, options: &str, statement_timeout: Option<Duration>) -> Store {
        let url = format!("{}?options={options}", self.cluster.url("postgres"));
        Store::open(&StoreOptions { statement_timeout, ..StoreOptions::new(url) }, Handle::current()).unwrap()
    }

    fn assert_said(&self, words: &str) {
        let log = self.cluster.log();
        assert!(log.contains(words), "{log}");
    }
}

async fn beside(cluster: &Cluster) -> Client {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs statements as one unit of work that writes, and how often it began.
async fn write(store: &Store, statements: &'static [&'static str]) -> (Result<(), StoreError>, usize) {
    let began = Arc::new(AtomicUsize::new(0));
    let counting = began.clone();
    let unit = move |db: Db| async move {
        counting.fetch_add(1, Ordering::Relaxed);
        with_tx!(
            &db,
            pg | c | {
                run(c, statements).await?;
                Ok(())
            },
            sqlite | _c | unreachable!("the URL is PostgreSQL's")
        )
    };
    (store.detached(unit).await, began.load(Ordering::Relaxed))
}

async fn run(connection: &mut PgConn, statements: &[&str]) -> Result<(), DbError> {
    for statement in statements {
        connection.batch_execute(statement).await?;
    }
    Ok(())
}

/// Waits until another connection waits for a lock.
async fn somebody_waits(client: &Client) {
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')";
    while !client.query_one(waiting, &[]).await.unwrap().get::<_, bool>(0) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_done_again() {
    let case = Case::new().await;
    case.other.batch_execute("CREATE TABLE one (); CREATE TABLE two ()").await.unwrap();
    // Whoever waits longer than this looks for a circle: the store's session does, and is the one that is undone.
    case.other.batch_execute("SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE two").await.unwrap();
    let store = case.with("-c%20deadlock_timeout%3D100ms", None);
    let writing = tokio::spawn(async move { write(&store, &["LOCK TABLE one", "LOCK TABLE two"]).await });
    somebody_waits(&beside(&case.cluster).await).await;
    case.other.batch_execute("LOCK TABLE one; COMMIT").await.unwrap();
    let (written, began) = writing.await.unwrap();
    written.unwrap();
    assert!(began > 1, "{began}");
    case.assert_said("Verklemmung");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_unavailable() {
    let case = Case::new().await;
    case.other.batch_execute("BEGIN; LOCK TABLE users").await.unwrap();
    for (options, statement_timeout, words) in [
        ("-c%20work_mem%3D1MB", Some(Duration::from_millis(50)), "Zeitüberschreitung der Anfrage"),
        ("-c%20lock_timeout%3D50", None, "Zeitüberschreitung einer Sperre"),
    ] {
        let store = case.with(options, statement_timeout);
        let waited = store.account(case.ada.id).await;
        assert!(matches!(waited, Err(StoreError::Unavailable(_))), "{waited:?}");
        let (written, began) = write(&store, &["UPDATE users SET version = version"]).await;
        assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
        assert_eq!(began, 1);
        case.assert_said(words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_server_process_costs_a_read_nothing_and_a_write_is_unavailable() {
    let case = Case::new().await;
    let onlooker = beside(&case.cluster).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    for _ in 0..3 {
        case.other.batch_execute("BEGIN; LOCK TABLE users").await.unwrap();
        let (store, ada) = (case.store.clone(), case.ada.id);
        let reading = tokio::spawn(async move { store.account(ada).await });
        somebody_waits(&onlooker).await;
        onlooker.batch_execute(cut).await.unwrap();
        case.other.batch_execute("ROLLBACK").await.unwrap();
        assert!(reading.await.unwrap().unwrap().is_some());

        case.other.batch_execute("BEGIN; LOCK TABLE users").await.unwrap();
        let store = case.store.clone();
        let writing = tokio::spawn(async move { write(&store, &["UPDATE users SET version = version"]).await });
        somebody_waits(&onlooker).await;
        onlooker.batch_execute(cut).await.unwrap();
        case.other.batch_execute("ROLLBACK").await.unwrap();
        let (written, began) = writing.await.unwrap();
        assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
        assert_eq!(began, 1);
    }
    case.assert_said("Verbindung wird abgebrochen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_idle_too_long_is_unavailable_and_its_connection_is_gone() {
    let case = Case::new().await;
    let store = case.with("-c%20work_mem%3D1MB", Some(Duration::from_millis(100)));
    let unit = |db: Db| async move {
        with_tx!(
            &db,
            pg | c | {
                run(c, &["SELECT 1"]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                run(c, &["SELECT 1"]).await
            },
            sqlite | _c | unreachable!("the URL is PostgreSQL's")
        )
    };
    let written = store.detached(unit).await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    assert!(store.account(case.ada.id).await.unwrap().is_some());
    case.assert_said("inaktiver Transaktion");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_reads_is_unavailable() {
    let case = Case::new().await;
    let connected = case.with("", None);
    let (written, _) = write(&connected, &["SET TRANSACTION READ ONLY", "UPDATE users SET version = version"]).await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    assert!(connected.account(case.ada.id).await.unwrap().is_some());
    case.assert_said("Read-Only-Transaktion");
    let read = case.with("-c%20default_transaction_read_only%3Don", None).account(case.ada.id).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_too_many_connections_is_unavailable() {
    let case = Case::new().await;
    case.other.batch_execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0").await.unwrap();
    let url = case.cluster.url("postgres").replacen("postgres@", "narrow@", 1);
    let refused = Store::connect(&url, Handle::current()).unwrap().account(case.ada.id).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    case.assert_said("zu viele Verbindungen");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_code_that_a_server_sends_is_told_by_its_class() {
    let case = Case::new().await;
    let raise = async |code: &'static str| {
        let unit = move |db: Db| async move {
            let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'kein Wort davon zählt' USING ERRCODE = '{code}'; END $$");
            with_conn!(
                &db,
                pg | c | c.batch_execute(&raise).await?,
                sqlite | _c | unreachable!("the URL is PostgreSQL's")
            );
            Ok(())
        };
        case.store.detached(unit).await.unwrap_err()
    };
    for code in ["40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "58030", "08P01", "08006", "26000"] {
        let error = raise(code).await;
        assert!(matches!(error, StoreError::Unavailable(_)), "{code}: {error:?}");
    }
    for code in ["23503", "23514"] {
        let error = raise(code).await;
        assert!(matches!(error, StoreError::Inconsistent { .. }), "{code}: {error:?}");
    }
    for code in ["22012", "42P01", "P0001", "XX000", "23505"] {
        let error = raise(code).await;
        assert!(matches!(error, StoreError::Backend(_)), "{code}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_the_server_forgot_are_prepared_anew() {
    let case = Case::new().await;
    for _ in 0..3 {
        assert!(case.store.account(case.ada.id).await.unwrap().is_some());
        let forgetting = |db: Db| async move {
            with_conn!(
                &db,
                pg | c | c.batch_execute("DEALLOCATE ALL").await?,
                sqlite | _c | unreachable!("the URL is PostgreSQL's")
            );
            Ok(())
        };
        case.store.detached(forgetting).await.unwrap();
        assert!(case.store.account(case.ada.id).await.unwrap().is_some());
        let (written, _) = write(&case.store, &["UPDATE users SET version = version"]).await;
        written.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_writes_bytes_in_the_older_form_is_read_all_the_same() {
    let case = Case::new().await;
    case.other.batch_execute("ALTER DATABASE postgres SET bytea_output = 'escape'").await.unwrap();
    let store = Store::connect(&case.cluster.url("postgres"), Handle::current()).unwrap();
    let device = case.make.device(case.ada.id);
    store.register(&device, 20, None, &case.make.registration_events(&device)).await.unwrap();
    let facts = store.profile(case.ada.id).await.unwrap().unwrap();
    assert_eq!(facts.devices, [device]);
}
