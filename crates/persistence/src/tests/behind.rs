//! What a step-by-step test on PostgreSQL stands on: a unit of work waits for somebody else's transaction, and an onlooker
//! sees that it does.

use std::time::Duration;

use muster_domain::directory::DirectoryStore;
use muster_domain::user::User;
use muster_testkit::Builders;
use muster_testkit_postgres::{Database, database};
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls};

use crate::Store;

/// A store with one person in it, and the two others.
pub(super) struct Stage {
    pub(super) store: Store,
    pub(super) make: Builders,
    pub(super) ada: User,
    /// Somebody else, who works in a transaction.
    pub(super) other: Client,
    /// Somebody who looks on.
    pub(super) onlooker: Client,
    pub(super) database: Database,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let database = database(async |url: String| {
            Store::connect(&url, Handle::current()).unwrap().migrate().await.unwrap();
        });
        let database = database.await;
        let store = Store::connect(&database.url, Handle::current()).unwrap();
        let make = Builders::default();
        let ada = make.user("ada").build();
        store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
        let (other, onlooker) = (connect(&database.url).await, connect(&database.url).await);
        Self { store, make, ada, other, onlooker, database }
    }

    /// Returns once somebody waits for a lock.
    pub(super) async fn somebody_waits(&self) {
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
            AND wait_event_type = 'Lock')";
        while !self.onlooker.query_one(waiting, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
