//! The program behind PgBouncer, and over a server that speaks German.

use muster_testkit_postgres::{Cluster, PgBouncer, Release};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Folder;
use crate::common::client::Client;
use crate::fleet::{Fleet, beside, eventually, number};
use crate::load::{Load, sessions_of};

/// A read and a write: a table that each needs, and what only its statement contains.
const ASKED: [(Method, &str, &str, &str); 2] = [
    (Method::GET, "/api/users/me", "users", "json_build_object"),
    (Method::POST, "/api/mobile/token", "refresh_tokens", "INSERT INTO sessions"),
];

fn body_of(method: &Method) -> Option<Value> {
    (method == Method::POST).then(|| json!({ "deviceName": "Pixel" }))
}

const CUT: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
    WHERE datname = 'postgres' AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// Three servers behind a pooler, under load, while the pooler's connections are cut off ten times.
async fn load_while_server_processes_are_cut_off(release: Release, mode: &str) -> String {
    // In session mode each connection of Muster's takes a server process: 16 for each server, and two at start.
    let cluster = Cluster::start_in_german(&[]).await;
    let settings = ["default_pool_size = 60", "query_wait_timeout = 30", "server_login_retry = 0"];
    let pooler = PgBouncer::start(release, mode, &cluster, &settings).await;
    let fleet = Fleet::over(&pooler.url("postgres"));
    let grace = fleet.sign_in("grace@example.com").await;
    let load = Load::on(&fleet.urls(), grace[0].token());
    load.accepted(50).await;
    let beside = beside(&cluster.url("postgres")).await;
    for _ in 0..10 {
        beside.batch_execute(CUT).await.unwrap();
        load.accepted(20).await;
    }
    let figures = load.end();
    let log = fleet.folder.log();
    let lost = figures.lost(&sessions_of(&grace[0]).await);
    assert_eq!((lost, figures.turned_away, figures.unanswered), (0, 0, 0), "{figures}");
    assert!(log.contains("ALTER ROLE … SET statement_timeout"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
    format!("PgBouncer {release} in {mode} mode, server processes cut off ten times: {figures}, {lost} lost")
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_behind_pgbouncer_in_session_mode_go_on_when_server_processes_are_cut_off() {
    eprintln!("{}", load_while_server_processes_are_cut_off(Release::Old, "session").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_behind_pgbouncer_in_transaction_mode_go_on_when_server_processes_are_cut_off() {
    eprintln!("{}", load_while_server_processes_are_cut_off(Release::New, "transaction").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_loses_prepared_statements_is_named_at_start_by_serve_migrate_and_doctor() {
    let cluster = Cluster::start().await;
    for (release, settings) in [(Release::Old, &[][..]), (Release::New, &["max_prepared_statements = 0"])] {
        let pooler = PgBouncer::start(release, "transaction", &cluster, settings).await;
        let (folder, url) = (Folder::new(), pooler.url("postgres"));
        for (command, mode) in
            [("serve", "development"), ("doctor", "development"), ("migrate", "development"), ("migrate", "production")]
        {
            let settings = [("DATABASE_URL", url.as_str()), ("MUSTER_LISTEN", "127.0.0.1:0"), ("MUSTER_MODE", mode)];
            let ended = folder.run_with(&[command], &settings);
            assert_eq!(ended.code, Some(1), "{command}, {mode}: {ended:?}");
            let sentence = "use PgBouncer 1.21 or later with max_prepared_statements above 0, or pool_mode = session";
            assert!(ended.err.contains(sentence), "{command}, {mode}: {ended:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_german_is_too_slow_as_one_that_speaks_english() {
    let cluster = Cluster::start_in_german(&[]).await;
    let url = cluster.url("postgres");
    let settings = [("DATABASE_URL", url.as_str()), ("MUSTER_DB_STATEMENT_TIMEOUT_SECONDS", "1")];
    let fleet = Fleet::start(1, &settings);
    let grace = Client::sign_in(&fleet.servers[0].url, "grace@example.com").await;
    let other = beside(&url).await;
    for (method, path, table, _) in ASKED {
        other.batch_execute(&format!("BEGIN; LOCK TABLE {table}")).await.unwrap();
        let answer = grace.send(method.clone(), path, body_of(&method)).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert!(answer.headers().contains_key("retry-after"), "{path}");
        other.batch_execute("ROLLBACK").await.unwrap();
    }
    assert!(cluster.log().contains("Zeitüberschreitung der Anfrage"), "{}", cluster.log());
    assert!(fleet.folder.log().contains("57014: "), "{}", fleet.folder.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_german_is_cut_off_as_one_that_speaks_english() {
    let cluster = Cluster::start_in_german(&[]).await;
    let url = cluster.url("postgres");
    let fleet = Fleet::start(1, &[("DATABASE_URL", url.as_str())]);
    let grace = Client::sign_in(&fleet.servers[0].url, "grace@example.com").await;
    let (other, onlooker) = (beside(&url).await, beside(&url).await);
    // The server retries a read. The outcome of a write is unknown.
    for ((method, path, table, statement), status) in ASKED.into_iter().zip([200, 503]) {
        // Background work may wait for the same table, so the statement is named.
        let cut = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE wait_event_type = 'Lock' AND query LIKE '%{statement}%' AND pid <> pg_backend_pid()"
        );
        other.batch_execute(&format!("BEGIN; LOCK TABLE {table}")).await.unwrap();
        let client = grace.clone();
        let asking = tokio::spawn(async move { client.send(method.clone(), path, body_of(&method)).await });
        eventually("the statement waits and is cut off", async || number(&onlooker, &cut).await > 0).await;
        other.batch_execute("ROLLBACK").await.unwrap();
        let answer = asking.await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers().contains_key("retry-after"), status == 503, "{path}");
    }
    assert!(cluster.log().contains("Verbindung wird abgebrochen"), "{}", cluster.log());
}
