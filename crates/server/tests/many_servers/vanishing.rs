use std::io::Write;

use muster_testkit_postgres::empty_database;
use serde_json::json;

use crate::common::client::at_once;
use crate::common::raw;
use crate::fleet::{Fleet, Turns, beside, eventually, number};
use crate::load::sessions_of;

/// The servers' connections that are in the middle of something, and the locks that they hold or wait for.
const UNDER_WAY: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND wait_event_type = 'Lock'";

/// The table is held, so that every client vanishes while its transaction is open.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_vanish_in_the_middle_of_a_transaction_leave_none_open_and_no_lock() {
    let database = empty_database().await;
    let fleet = Fleet::over(&database.url);
    let grace = fleet.sign_in("grace@example.com").await;
    let holder = beside(&database.url).await;
    let onlooker = beside(&database.url).await;
    holder.batch_execute("BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let request = raw::post("/api/mobile/token", Some(grace[0].token()), &json!({ "deviceName": "Pixel" }));
    let mut clients = Vec::new();
    for url in fleet.urls().iter().flat_map(|url| [url; 8]) {
        let mut stream = raw::connect(url).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        clients.push(stream);
    }
    eventually("all 24 wait in a transaction", async || number(&onlooker, WAITING).await == 24).await;
    drop(clients);
    holder.batch_execute("COMMIT").await.unwrap();
    drop(holder);

    eventually("no transaction is open", async || number(&onlooker, UNDER_WAY).await == 0).await;
    assert_eq!(number(&onlooker, LOCKS).await, 0);
    assert_eq!(sessions_of(&grace[0]).await.len(), 24, "what was begun was finished");
    let turns = Turns::of(&grace);
    let answers = at_once(96, || {
        let grace = turns.next();
        async move { grace.post("/api/mobile/token", json!({ "deviceName": "Pixel" })).await.status() }
    })
    .await;
    assert!(answers.iter().all(|status| *status == 201), "every connection is whole: {answers:?}");
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND pid <> pg_backend_pid()";
    assert!(number(&onlooker, connections).await <= 3 * 16);
    eprintln!("24 clients vanished in a transaction: 0 transactions, 0 locks left; then 96 sent, 96 accepted");
}
