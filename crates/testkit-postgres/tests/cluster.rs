//! Servers come and go as tests say, and with the process that started them.
#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

use std::path::Path;

use muster_testkit_postgres::{Cluster, database, empty_database};
use tokio_postgres::{Client, Error, NoTls};

async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn count(url: &str, query: &str) -> i64 {
    connect(url).await.unwrap().query_one(query, &[]).await.unwrap().get(0)
}

async fn make_table(url: String) {
    connect(&url).await.unwrap().batch_execute("CREATE TABLE t (n bigint); INSERT INTO t VALUES (1)").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_test_has_a_database_of_its_own_from_one_template() {
    let (one, other) = tokio::join!(database(make_table), database(make_table));
    connect(&one.url).await.unwrap().batch_execute("INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(count(&one.url, "SELECT count(*) FROM t").await, 2);
    assert_eq!(count(&other.url, "SELECT count(*) FROM t").await, 1);
    let empty = empty_database().await;
    assert!(connect(&empty.url).await.unwrap().batch_execute("SELECT FROM t").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_database_is_gone_whoever_is_connected() {
    let database = empty_database().await;
    let url = database.url.clone();
    let client = connect(&url).await.unwrap();
    drop(database);
    assert!(client.batch_execute("SELECT 1").await.is_err());
    assert!(connect(&url).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_what_it_acknowledged() {
    let cluster = Cluster::start().await;
    let url = cluster.url("postgres");
    make_table(url.clone()).await;
    let connected = connect(&url).await.unwrap();
    cluster.kill();
    assert!(connected.batch_execute("SELECT 1").await.is_err());
    assert!(connect(&url).await.is_err());
    cluster.restart().await;
    assert_eq!(count(&url, "SELECT count(*) FROM t").await, 1);
    assert_eq!(count(&cluster.tcp_url("postgres"), "SELECT count(*) FROM t").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_server_leaves_nothing() {
    let cluster = Cluster::start_with(&["max_connections=7"]).await;
    let url = cluster.url("postgres");
    assert_eq!(count(&url, "SELECT current_setting('max_connections')::bigint").await, 7);
    let client = connect(&url).await.unwrap();
    let row = client.query_one("SELECT current_setting('data_directory')", &[]).await.unwrap();
    let data: String = row.get(0);
    drop(cluster);
    assert!(!Path::new(&data).parent().unwrap().exists());
    assert!(connect(&url).await.is_err());
}
