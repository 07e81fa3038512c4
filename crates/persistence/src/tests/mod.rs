//! What only shows from inside: the connections themselves, and how their failures are told.

mod again;
mod conditions;
mod connections;
#[cfg(feature = "postgres")]
mod deadlocks;
mod detached;
#[cfg(feature = "postgres")]
mod directory_on_postgres;
mod failures;
#[cfg(feature = "postgres")]
mod on_postgres;
mod pending;
#[cfg(feature = "postgres")]
mod quotas_on_postgres;

use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

use crate::Store;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A migrated store in a folder of its own.
async fn store(runtime: &Handle) -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("muster.db").display());
    let store = Store::connect(&url, runtime.clone()).unwrap();
    store.migrate().await.unwrap();
    (store, folder)
}
