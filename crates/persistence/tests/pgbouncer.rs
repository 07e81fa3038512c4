//! PostgreSQL behind PgBouncer: what is supported passes the suite that every store must pass, what is not is told.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what only tests call fails by panicking")]

use std::time::Duration;

use futures_util::future::join_all;
use muster_domain::directory::DirectoryStore;
use muster_domain::user::{ProfileReader, User};
use muster_domain::{StoreError, StoreHealth};
use muster_persistence::{Store, StoreOptions};
use muster_testkit::{Builders, Stores};
use muster_testkit_postgres::{Cluster, PgBouncer, Release};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// PgBouncer in transaction mode, whose server processes serve many clients each.
struct Pooled {
    cluster: Cluster,
    pooler: PgBouncer,
}

static POOLED: OnceCell<Pooled> = OnceCell::const_new();
const TEMPLATE: &str = "template_of_tests";

/// The one that the whole suite shares.
async fn pooled() -> &'static Pooled {
    POOLED
        .get_or_init(async || {
            let cluster = Cluster::start().await;
            let settings = ["default_pool_size = 4", "server_idle_timeout = 2", "max_client_conn = 2000"];
            let pooler = PgBouncer::start(Release::New, "transaction", &cluster, &settings).await;
            beside(&cluster).await.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await.unwrap();
            // Migrated through PgBouncer, which then has no connection to it: it would be in the way of a copy.
            open(&pooler.url(TEMPLATE)).migrate().await.unwrap();
            cut(&beside(&cluster).await, TEMPLATE).await;
            Pooled { cluster, pooler }
        })
        .await
}

async fn transaction_mode() -> Stores {
    let pooled = pooled().await;
    let name = format!("test_{:016x}", fastrand::u64(..));
    let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
    beside(&pooled.cluster).await.batch_execute(&copy).await.unwrap();
    Stores::new(open(&pooled.pooler.url(&name)))
}

muster_testkit::contract_tests!(transaction_mode);

fn open(url: &str) -> Store {
    Store::connect(url, Handle::current()).unwrap()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A connection that does not go through PgBouncer.
async fn beside(cluster: &Cluster) -> Client {
    connect(&cluster.url("postgres")).await
}

/// Terminates every server process of a database but the client's own.
async fn cut(client: &Client, database: &str) {
    let cut = format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    );
    client.batch_execute(&cut).await.unwrap();
}

/// A migrated store, and somebody in it.
async fn store_with_ada(url: &str) -> (Store, User) {
    let store = open(url);
    store.migrate().await.unwrap();
    let make = Builders::default();
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    (store, ada)
}

/// Why Muster refuses to work so, in one line.
fn refusal(result: Result<(), StoreError>) -> String {
    let Err(StoreError::Backend(reason)) = result else { panic!("{result:?}") };
    let mut text = reason.to_string();
    let mut cause = reason.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

const TURNS: &str = "server_round_robin = 1";

#[tokio::test(flavor = "multi_thread")]
async fn transaction_mode_that_does_not_keep_prepared_statements_is_told_at_once() {
    let cluster = Cluster::start().await;
    for (release, settings) in [
        (Release::Old, &[][..]),
        (Release::Old, &[TURNS]),
        (Release::New, &["max_prepared_statements = 0"]),
        (Release::New, &["max_prepared_statements = 0", TURNS]),
    ] {
        let pooler = PgBouncer::start(release, "transaction", &cluster, settings).await;
        for server_processes in [1, 2, 3, 7] {
            // So many transactions at once leave so many server processes to be shared out.
            let clients = join_all((0..server_processes).map(async |_| connect(&pooler.url("postgres")).await)).await;
            join_all(clients.iter().map(|client| client.batch_execute("BEGIN"))).await;
            join_all(clients.iter().map(|client| client.batch_execute("COMMIT"))).await;
            for reason in [
                refusal(open(&pooler.url("postgres")).migrate().await.map(drop)),
                refusal(open(&pooler.url("postgres")).check().await),
            ] {
                let case = format!("{release}, {settings:?}, {server_processes}: {reason}");
                assert!(reason.contains("PgBouncer 1.21 or later with max_prepared_statements above 0"), "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_prepared_statements_is_not_taken_for_what_loses_them() {
    let cluster = Cluster::start().await;
    for (release, mode, settings) in [
        (Release::Old, "session", &[][..]),
        (Release::Old, "session", &["server_reset_query = "]),
        (Release::New, "session", &["max_prepared_statements = 0"]),
        (Release::New, "transaction", &[]),
        (Release::New, "transaction", &[TURNS]),
    ] {
        let pooler = PgBouncer::start(release, mode, &cluster, settings).await;
        for _ in 0..10 {
            let store = open(&pooler.url("postgres"));
            let migrated = store.migrate().await;
            assert!(migrated.is_ok(), "{release}, {mode}, {settings:?}: {migrated:?}");
            store.check().await.unwrap();
        }
    }
    for _ in 0..10 {
        open(&cluster.url("postgres")).check().await.unwrap();
        open(&cluster.tcp_url("postgres")).check().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_have_a_limit_by_the_startup_packet_or_by_the_role_and_else_its_lack_is_told() {
    let cluster = Cluster::start().await;
    let client = beside(&cluster).await;
    assert!(!open(&cluster.url("postgres")).lacks_statement_timeout().await.unwrap());
    let session = PgBouncer::start(Release::Old, "session", &cluster, &[]).await;
    let transaction = PgBouncer::start(Release::New, "transaction", &cluster, &[]).await;
    let ignoring = PgBouncer::start(Release::Old, "session", &cluster, &["ignore_startup_parameters = options"]).await;
    let unlimited = StoreOptions { statement_timeout: None, ..StoreOptions::new(session.url("postgres")) };
    let unlimited = Store::open(&unlimited, Handle::current()).unwrap();
    assert!(!unlimited.lacks_statement_timeout().await.unwrap());
    for pooler in [&session, &transaction, &ignoring] {
        assert!(open(&pooler.url("postgres")).lacks_statement_timeout().await.unwrap());
    }
    client.batch_execute("ALTER ROLE postgres SET statement_timeout = '200ms'").await.unwrap();
    cut(&client, "postgres").await;
    client.batch_execute("CREATE TABLE held ()").await.unwrap();
    for pooler in [&session, &transaction, &ignoring] {
        assert!(!open(&pooler.url("postgres")).lacks_statement_timeout().await.unwrap());
    }
    let (store, ada) = store_with_ada(&transaction.url("postgres")).await;
    client.batch_execute("SET statement_timeout = 0; BEGIN; LOCK TABLE users").await.unwrap();
    let waited = store.profile(ada.id).await;
    assert!(matches!(waited, Err(StoreError::Unavailable(_))), "{waited:?}");
    client.batch_execute("ROLLBACK").await.unwrap();
    assert!(store.profile(ada.id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_set_up_stays_behind_for_the_next() {
    let cluster = Cluster::start().await;
    // A migration takes two connections at once.
    open(&cluster.url("postgres")).migrate().await.unwrap();
    let pooler = PgBouncer::start(Release::New, "transaction", &cluster, &["default_pool_size = 1"]).await;
    let (store, ada) = store_with_ada(&pooler.url("postgres")).await;
    assert!(store.profile(ada.id).await.unwrap().is_some());
    let next = connect(&pooler.url("postgres")).await;
    let changed = "SELECT name FROM pg_settings WHERE source = 'session' AND name IN \
        ('statement_timeout', 'idle_in_transaction_session_timeout', 'bytea_output')";
    assert_eq!(next.query(changed, &[]).await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_processes_that_are_cut_off_behind_it_cost_a_read_nothing_in_any_language() {
    let cluster = Cluster::start_in_german(&[]).await;
    let client = beside(&cluster).await;
    for (release, mode) in [(Release::Old, "session"), (Release::New, "session"), (Release::New, "transaction")] {
        let pooler = PgBouncer::start(release, mode, &cluster, &[]).await;
        client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
        let (store, ada) = store_with_ada(&pooler.url("postgres")).await;
        for _ in 0..5 {
            assert!(store.profile(ada.id).await.unwrap().is_some());
            cut(&client, "postgres").await;
            let read = store.profile(ada.id).await;
            assert!(matches!(read, Ok(Some(_))), "{release}, {mode}: {read:?}");
            // In the middle of a statement.
            client.batch_execute("BEGIN; LOCK TABLE users").await.unwrap();
            let reading = {
                let store = store.clone();
                tokio::spawn(async move { store.profile(ada.id).await })
            };
            let waiting =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
            let onlooker = beside(&cluster).await;
            while onlooker.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            client.batch_execute("ROLLBACK").await.unwrap();
            let read = reading.await.unwrap();
            assert!(matches!(read, Ok(Some(_))), "{release}, {mode}: {read:?}");
        }
    }
    assert!(cluster.log().contains("Verbindung wird abgebrochen"), "{}", cluster.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_that_share_a_connection_get_their_own_answers_through_it() {
    let cluster = Cluster::start().await;
    let client = beside(&cluster).await;
    for (release, mode) in [(Release::Old, "session"), (Release::New, "transaction")] {
        let pooler = PgBouncer::start(release, mode, &cluster, &["default_pool_size = 3"]).await;
        client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
        let (store, ada) = store_with_ada(&pooler.url("postgres")).await;
        let make = Builders::default();
        let grace = make.user("grace").build();
        store.insert_user(&grace, &make.event("test.user.created", Some(grace.id))).await.unwrap();
        for round in 0..20 {
            let people = (0..60).map(|number| if number % 3 == round % 3 { ada.id } else { grace.id });
            let reads = people.map(|id| {
                let store = store.clone();
                tokio::spawn(async move { (id, store.profile(id).await) })
            });
            for read in reads.collect::<Vec<_>>() {
                let (id, found) = read.await.unwrap();
                assert_eq!(found.unwrap().unwrap().user.id, id, "{release}, {mode}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_was_killed_is_unavailable_and_then_works_as_before() {
    let cluster = Cluster::start().await;
    let pooler = PgBouncer::start(Release::New, "transaction", &cluster, &[]).await;
    let (store, ada) = store_with_ada(&pooler.url("postgres")).await;
    pooler.kill();
    for _ in 0..5 {
        let read = store.profile(ada.id).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    }
    pooler.restart().await;
    assert!(store.profile(ada.id).await.unwrap().is_some());
    store.check().await.unwrap();
}
