use muster_testkit_postgres::{Cluster, empty_database};
use tokio::time::Instant;

use crate::fleet::{Fleet, eventually};
use crate::load::{Load, sessions_of};

/// What a server says of its readiness.
async fn readiness(url: &str) -> u16 {
    reqwest::get(format!("{url}/readyz")).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_that_is_killed_under_load_loses_nothing_that_was_acknowledged() {
    let cluster = Cluster::start_with(&["fsync=on", "full_page_writes=on"]).await;
    let url = cluster.url("postgres");
    let fleet = Fleet::over(&url);
    let urls = fleet.urls();
    let grace = fleet.sign_in("grace@example.com").await;
    let load = Load::on(&urls, grace[0].token());
    load.accepted(300).await;
    cluster.kill();
    for url in &urls {
        eventually("not ready", async || readiness(url).await == 503).await;
        assert_eq!(reqwest::get(format!("{url}/healthz")).await.unwrap().status(), 200);
    }
    load.refused(60).await;
    cluster.restart().await;
    let restarted = Instant::now();
    for url in &urls {
        eventually("ready again", async || readiness(url).await == 200).await;
    }
    let recovered = restarted.elapsed();
    load.accepted(300).await;
    let figures = load.end();
    let stored = sessions_of(&grace[0]).await;
    let lost = figures.lost(&stored);
    eprintln!("PostgreSQL killed under load: {figures}, {lost} lost; all servers ready after {recovered:?}");
    assert_eq!((lost, figures.turned_away, figures.unanswered), (0, 0, 0), "{figures}");
    assert!(figures.refused >= 60, "{figures}");
    assert!(!fleet.folder.log().contains("panicked"), "{}", fleet.folder.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_load_loses_nothing_that_it_acknowledged_and_the_others_go_on() {
    let database = empty_database().await;
    let mut fleet = Fleet::over(&database.url);
    let grace = fleet.sign_in("grace@example.com").await;
    let urls = fleet.urls();
    let load = Load::on(&urls, grace[0].token());
    load.accepted(300).await;
    drop(fleet.servers.pop()); // SIGKILL
    load.accepted(300).await;
    let figures = load.end();
    let stored = sessions_of(&grace[0]).await;
    let lost = figures.lost(&stored);
    eprintln!("one server of three killed under load: {figures}, {lost} lost");
    assert_eq!((lost, figures.refused), (0, 0), "{figures}");
    let beside = crate::fleet::beside(&database.url).await;
    let open = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    eventually("nothing of it is left open", async || crate::fleet::number(&beside, open).await == 0).await;
}
