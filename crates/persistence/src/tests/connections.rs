use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, QueryableByName, SqliteConnection};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use muster_domain::StoreError;

use super::{runtime, store};
use crate::db::Db;
use crate::one_row::OneRow;
use crate::{SqliteDurability, Store, StoreOptions};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

async fn number<S: SpawnBlocking + Send>(
    connection: &mut SyncConnectionWrapper<SqliteConnection, S>,
    query: &str,
) -> i64 {
    diesel::sql_query(query).one::<Number>(connection).await.unwrap().number
}

async fn is_set_up<S: SpawnBlocking + Send>(
    connection: &mut SyncConnectionWrapper<SqliteConnection, S>,
    query_only: i64,
) {
    let c = connection;
    assert_eq!(number(c, "SELECT journal_mode = 'wal' AS number FROM pragma_journal_mode").await, 1);
    assert_eq!(number(c, "SELECT synchronous AS number FROM pragma_synchronous").await, 2, "FULL is 2");
    assert_eq!(number(c, "SELECT foreign_keys AS number FROM pragma_foreign_keys").await, 1);
    assert_eq!(number(c, "SELECT timeout AS number FROM pragma_busy_timeout").await, 5_000);
    assert_eq!(number(c, "SELECT query_only AS number FROM pragma_query_only").await, query_only);
}

#[test]
fn every_connection_is_set_up() {
    let runtime = runtime();
    runtime.block_on(async {
        let (store, _folder) = store(runtime.handle()).await;
        let (lookup, read, write) = match &store.db {
            Db::Sqlite { lookup, read, write } => (lookup, read, write),
            #[cfg(feature = "postgres")]
            Db::Postgres(_) => unreachable!("the URL is an SQLite file's"),
        };
        is_set_up(&mut *lookup.get().await.unwrap(), 1).await;
        is_set_up(&mut *read.get().await.unwrap(), 1).await;
        is_set_up(&mut *write.get().await.unwrap(), 0).await;
        assert_eq!([lookup.status(), read.status(), write.status()].map(|pool| pool.max_size), [4, 4, 1]);
    });
}

#[test]
fn durability_is_what_the_options_say() {
    let runtime = runtime();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("muster.db").display());
        // SQLite's own numbers: NORMAL is 1, FULL is 2.
        for (sqlite_durability, level) in [(SqliteDurability::Normal, 1), (SqliteDurability::Full, 2)] {
            let options = StoreOptions { sqlite_durability, ..StoreOptions::new(&url) };
            let store = Store::open(&options, runtime.handle().clone()).unwrap();
            let (read, write) = match &store.db {
                Db::Sqlite { read, write, .. } => (read, write),
                #[cfg(feature = "postgres")]
                Db::Postgres(_) => unreachable!("the URL is an SQLite file's"),
            };
            for pool in [read, write] {
                let mut connection = pool.get().await.unwrap();
                let query = "SELECT synchronous AS number FROM pragma_synchronous";
                assert_eq!(number(&mut connection, query).await, level, "{sqlite_durability:?}");
            }
        }
    });
}

#[test]
fn a_new_file_is_opened_by_many_at_once() {
    let runtime = runtime();
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("muster.db").display());
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            let open = || {
                start.wait();
                Store::connect(&url, runtime.handle().clone()).unwrap();
            };
            for opening in [(); 8].map(|()| scope.spawn(open)) {
                opening.join().unwrap();
            }
        });
    }
}

#[test]
fn a_file_that_somebody_keeps_to_themselves_is_given_up_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("CREATE TABLE t (n); BEGIN EXCLUSIVE").unwrap();
    let runtime = runtime();
    let began = Instant::now();
    let opened = Store::connect(&format!("sqlite://{}", path.display()), runtime.handle().clone());
    assert!(matches!(opened.err(), Some(StoreError::Unavailable(_))));
    assert!(began.elapsed() < Duration::from_mins(1), "it waits for the lock once, and not again and again");
}
