use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::directory::{DirectoryStore, InsertOutcome};
use muster_domain::user::UserStore;
use muster_domain::{StoreError, UserId};
use muster_testkit::Builders;
use tokio::sync::Notify;

use super::{runtime, store};
use crate::Store;
use crate::db::{Db, with_tx};
use crate::schema::users;
use crate::types::DbId;

async fn add(store: &Store, make: &Builders, name: &str) -> UserId {
    let user = make.user(name).build();
    let added = store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    assert_eq!(added, InsertOutcome::Inserted);
    user.id
}

async fn is_active(store: &Store, id: UserId) -> bool {
    store.account(id).await.unwrap().unwrap().active
}

#[test]
fn a_cancelled_caller_leaves_no_open_transaction() {
    let runtime = runtime();
    let make = Builders::default();
    let ((store, _folder), id) = runtime.block_on(async {
        let (store, folder) = store(runtime.handle()).await;
        let id = add(&store, &make, "ada").await;
        ((store, folder), id)
    });
    let (written, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));

    // An actix worker is such a runtime: when a client hangs up, its request's future is dropped there.
    let worker = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    worker.block_on(async {
        let (in_unit, waits) = (written.clone(), go_on.clone());
        let unit = store.detached(move |db| async move {
            with_tx!(&db, |c| {
                let user = users::table.find(DbId::from(id));
                diesel::update(user).set(users::active.eq(false)).execute(c).await?;
                in_unit.notify_one();
                waits.notified().await;
                Ok(())
            })
        });
        tokio::select! {
            _ = unit => panic!("the unit of work waits to be told to go on"),
            () = written.notified() => {}
        }
    });
    go_on.notify_one();

    runtime.block_on(async {
        // There is one connection to write through: this waits for the unit to end, and finds it usable.
        add(&store, &make, "grace").await;
        assert!(!is_active(&store, id).await, "the cancelled caller's unit of work ran to its end");
        assert_eq!(store.count_users().await.unwrap(), 2);
    });
}

#[test]
fn a_unit_of_work_that_panics_leaves_nothing_behind() {
    let runtime = runtime();
    let make = Builders::default();
    runtime.block_on(async {
        let (store, _folder) = store(runtime.handle()).await;
        let id = add(&store, &make, "ada").await;
        let panicked: Result<(), StoreError> = store
            .detached(move |db: Db| async move {
                with_tx!(&db, |c| {
                    let user = users::table.find(DbId::from(id));
                    diesel::update(user).set(users::active.eq(false)).execute(c).await?;
                    panic!("in the middle of a transaction")
                })
            })
            .await;
        assert!(matches!(panicked, Err(StoreError::Backend(_))), "{panicked:?}");
        add(&store, &make, "grace").await;
        assert!(is_active(&store, id).await, "what the panicking unit of work wrote is gone");
    });
}
