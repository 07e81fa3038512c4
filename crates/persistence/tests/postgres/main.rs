//! PostgreSQL passes the suite that every store must pass, and what else only shows there.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what only tests call fails by panicking")]

mod cancelled;
mod hot_chain;
mod hot_directory;
mod hot_people;
mod hot_queries;
mod inconsistent_rows;
#[path = "../kept/mod.rs"]
mod kept;
mod late_steps;
mod migrations;
mod plans;
mod sealed_rows;

use muster_persistence::Store;
use muster_testkit::Stores;
use muster_testkit_postgres::{Database, database};
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls, Row};

async fn migrate(url: String) {
    Store::connect(&url, Handle::current()).unwrap().migrate().await.unwrap();
}

/// A migrated store in a database of its own.
async fn store() -> (Store, Database) {
    let database = database(migrate).await;
    (Store::connect(&database.url, Handle::current()).unwrap(), database)
}

/// A connection beside the store's.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn run(url: &str, statements: &str) {
    connect(url).await.batch_execute(statements).await.unwrap();
}

async fn row(url: &str, query: &str) -> Row {
    connect(url).await.query_one(query, &[]).await.unwrap()
}

async fn number(url: &str, query: &str) -> i64 {
    row(url, query).await.get(0)
}

async fn postgres() -> Stores {
    let (store, database) = store().await;
    Stores::new(store).keeping(database)
}

muster_testkit::contract_tests!(postgres);
