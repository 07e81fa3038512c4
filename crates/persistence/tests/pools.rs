//! How much of the connections is used.

#![cfg(feature = "sqlite")]

use muster_domain::StoreHealth;
use muster_persistence::{PoolStatus, Store};
use tokio::runtime::Handle;

#[tokio::test(flavor = "multi_thread")]
async fn pools_say_what_is_open_and_what_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/muster.db", folder.path().display());
    let store = Store::connect(&url, Handle::current()).unwrap();
    let idle = |name, open, most| PoolStatus { name, open, in_use: 0, waiting: 0, most };
    assert_eq!(store.pools(), [idle("lookup", 0, 4), idle("read", 0, 4), idle("write", 0, 1)]);
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    let [lookup, read, write] = store.pools().try_into().unwrap();
    assert!((1..=4).contains(&read.open), "{read:?}");
    assert_eq!((lookup.open, read.in_use, read.waiting, write.most), (0, 0, 0, 1));
}
