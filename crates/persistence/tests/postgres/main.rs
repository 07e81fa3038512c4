//! PostgreSQL passes the suite that every store must pass, and what else only shows there.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

use muster_persistence::Store;
use muster_testkit::Stores;
use muster_testkit_postgres::{Database, database};
use tokio::runtime::Handle;

async fn migrate(url: String) {
    Store::connect(&url, Handle::current()).unwrap().migrate().await.unwrap();
}

/// A migrated store in a database of its own.
async fn store() -> (Store, Database) {
    let database = database(migrate).await;
    (Store::connect(&database.url, Handle::current()).unwrap(), database)
}

async fn postgres() -> Stores {
    let (store, database) = store().await;
    Stores::new(store).keeping(database)
}

muster_testkit::contract_tests!(postgres);
