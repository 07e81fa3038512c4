//! What only shows from inside: the connections themselves, and how their failures are told.

mod again;
#[cfg(feature = "postgres")]
mod chain_on_postgres;
#[cfg(feature = "postgres")]
mod commits_on_postgres;
mod conditions;
mod connections;
#[cfg(feature = "postgres")]
mod deadlocks;
mod detached;
#[cfg(feature = "postgres")]
mod directory_on_postgres;
mod failures;
#[cfg(feature = "postgres")]
mod german_on_postgres;
#[cfg(feature = "postgres")]
mod housekeeping_on_postgres;
mod long_lines;
#[cfg(feature = "postgres")]
mod on_postgres;
mod pending;
#[cfg(feature = "postgres")]
mod quotas_on_postgres;
#[cfg(feature = "postgres")]
mod reach_on_postgres;
#[cfg(feature = "postgres")]
mod shared_on_postgres;

#[cfg(feature = "postgres")]
use muster_domain::KeyId;
#[cfg(feature = "postgres")]
use muster_domain::audit::chain::{AuditChain, ChainMark, SealHash, Sealing, Unsealed};
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

/// Seals, one like the other, for up to 100 records that have none.
#[cfg(feature = "postgres")]
async fn sealing(store: &Store) -> Sealing {
    let Unsealed { head: after, records } = store.unsealed(100).await.unwrap();
    let seals: Vec<_> = records.iter().map(|record| (record.id, SealHash([1; 32]))).collect();
    let position = after.map_or(0, |mark| mark.position) + seals.len() as u64;
    Sealing {
        after,
        seals,
        key: KeyId([1; 4]),
        head: ChainMark { position, hash: SealHash([1; 32]), mac: SealHash([2; 32]) },
    }
}
