//! What was acknowledged over PostgreSQL is kept, whatever becomes of its connections and of its servers.

use std::process::Command;
use std::time::Duration;

use muster_testkit_postgres::{Cluster, Proxy, empty_database};
use rstest::rstest;

use crate::common::Folder;
use crate::fleet::{Fleet, beside, eventually};
use crate::phones::Phones;

/// A commit takes 10 ms and more, so that some are under way whenever a backend or a server ends.
const SLOW_COMMITS: [&str; 3] = ["fsync=on", "commit_delay=10000", "commit_siblings=1"];

/// Three servers with a person for each phone.
fn fleet(database_url: &str) -> Fleet {
    let folder = Folder::new();
    let settings = [("DATABASE_URL", database_url)];
    Phones::import(&folder, &settings);
    Fleet::start_in(folder, 3, &settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn under_serializable_every_acknowledged_token_works() {
    let database = empty_database().await;
    let serializable = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', \
        current_database()); END $$";
    beside(&database.url).await.batch_execute(serializable).await.unwrap();
    let fleet = fleet(&database.url);
    let phones = Phones::at(&fleet).await;
    for _ in 0..4 {
        phones.acknowledged(400).await;
    }
    let figures = phones.end();
    eprintln!("serializable: {figures}");
    assert_eq!((figures.lost, figures.unanswered), (0, 0), "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_that_are_terminated_or_crash_under_load_lose_nothing_that_was_acknowledged() {
    let cluster = Cluster::start_with(&SLOW_COMMITS).await;
    let url = cluster.url("postgres");
    let fleet = fleet(&url);
    let phones = Phones::at(&fleet).await;
    for _ in 0..10 {
        phones.acknowledged(60).await;
        let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        beside(&url).await.batch_execute(terminate).await.unwrap();
        phones.acknowledged(60).await;
        crash_a_backend(&url).await;
    }
    phones.acknowledged(60).await;
    let figures = phones.end();
    eprintln!("backends terminated ten times and killed ten times: {figures}");
    assert_eq!((figures.lost, figures.unanswered), (0, 0), "{figures}");
    assert!(figures.refused > 0, "{figures}");
}

/// Kills one server process with SIGKILL, upon which PostgreSQL ends all of them and recovers.
async fn crash_a_backend(url: &str) {
    let onlooker = beside(url).await;
    let busy = "SELECT pid FROM pg_stat_activity \
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY state_change DESC LIMIT 1";
    let backend: i32 = onlooker.query_one(busy, &[]).await.unwrap().get(0);
    assert!(Command::new("kill").args(["-KILL", &backend.to_string()]).status().unwrap().success());
    let is_up = async || {
        let Ok((client, connection)) = tokio_postgres::connect(url, tokio_postgres::NoTls).await else { return false };
        tokio::spawn(connection);
        client.simple_query("SELECT 1").await.is_ok()
    };
    // The onlooker's own connection ends before PostgreSQL takes new ones.
    while !onlooker.is_closed() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    eventually("PostgreSQL has recovered", is_up).await;
}

#[derive(Debug, Clone, Copy)]
enum Death {
    /// As the machine loses power.
    Killed,
    /// As PostgreSQL ends itself when one of its processes crashed.
    Aborted,
}

#[rstest]
#[case::killed(Death::Killed)]
#[case::aborted(Death::Aborted)]
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_to_a_synchronous_standby_loses_nothing_that_was_acknowledged(#[case] death: Death) {
    let (primary, standby) = Cluster::start_with_standby(&SLOW_COMMITS).await;
    let proxy = Proxy::before(&primary, &standby);
    let fleet = fleet(&proxy.url("postgres"));
    let phones = Phones::at(&fleet).await;
    phones.acknowledged(300).await;
    match death {
        Death::Killed => primary.kill(),
        Death::Aborted => primary.abort(),
    }
    standby.promote().await;
    phones.acknowledged(300).await;
    let figures = phones.end();
    eprintln!("failover, the primary {death:?}: {figures}");
    assert_eq!((figures.lost, figures.unanswered), (0, 0), "{figures}");
    assert!(figures.refused > 0, "{figures}");
}
