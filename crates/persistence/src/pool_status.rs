use deadpool::Status;

use crate::db::Db;
use crate::store::Store;

/// How much of a pool of connections is used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// Which pool: `postgres`, or SQLite's `lookup`, `read` and `write`.
    pub name: &'static str,
    /// How many connections are open.
    pub open: usize,
    /// How many of those a unit of work holds.
    pub in_use: usize,
    /// How many units of work wait for one.
    pub waiting: usize,
    /// How many may be open at once.
    pub most: usize,
}

impl PoolStatus {
    fn of(name: &'static str, status: Status) -> Self {
        // A connection that is being opened is not free, and held by whoever waits for it.
        let in_use = status.size.saturating_sub(status.available);
        Self { name, open: status.size, in_use, waiting: status.waiting, most: status.max_size }
    }
}

impl Store {
    /// Every pool of connections and how much of it is used. Asks the database nothing.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolStatus> {
        match &self.db {
            #[cfg(feature = "postgres")]
            Db::Postgres(pools) => vec![PoolStatus::of("postgres", pools.status())],
            #[cfg(feature = "sqlite")]
            Db::Sqlite { lookup, read, write } => vec![
                PoolStatus::of("lookup", lookup.status()),
                PoolStatus::of("read", read.status()),
                PoolStatus::of("write", write.status()),
            ],
        }
    }
}
