use std::time::Duration;

use muster_domain::device::DeviceStore;
use muster_domain::directory::DirectoryStore;
use muster_testkit::Builders;

use crate::{connect, number, store};

/// Waits until a query counts so many. It gives up when that is not going to happen any more.
async fn until(url: &str, query: &str, expected: i64) {
    let counted = async {
        while number(url, query).await != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), counted).await.is_ok(), "never {expected}: {query}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_is_cancelled_in_a_transaction_leaves_no_transaction_and_no_lock() {
    let (store, database) = store().await;
    let url = &database.url;
    let make = Builders::default();
    let user = make.user("ada").build();
    store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();

    let holder = connect(url).await;
    holder.batch_execute("BEGIN; SELECT FROM users FOR UPDATE").await.unwrap();
    let device = make.device(user.id);
    let events = make.registration_events(&device);
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    tokio::select! {
        done = store.register(&device, 1, None, &events) => panic!("the row is locked: {done:?}"),
        () = until(url, waiting, 1) => {}
    }
    holder.batch_execute("COMMIT").await.unwrap();

    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()";
    until(url, open, 0).await;
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert_eq!(number(url, locks).await, 0);
    let devices = DeviceStore::list(&store, user.id).await.unwrap();
    assert_eq!(devices.len(), 1, "the cancelled caller's unit of work ran to its end");
}
