//! An SQLite file passes the suite that every store must pass.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

use muster_persistence::Store;
use muster_testkit::Stores;
use tokio::runtime::Handle;

async fn sqlite_file() -> Stores {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("muster.db").display());
    let store = Store::connect(&url, Handle::current()).unwrap();
    store.migrate().await.unwrap();
    Stores::new(store).keeping(folder)
}

muster_testkit::contract_tests!(sqlite_file);
