//! A pool of connections for each runtime. A connection is driven by the runtime that opened it: where that is the
//! caller's own, as in each worker thread of an HTTP server, a statement costs no way to another thread and back.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool::Status;
use deadpool::managed::{BuildError, Object};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use tokio::runtime::{Handle, Id};

use super::lookups::{Lookups, Shared};
use super::maintenance::Maintenance;
use super::pooler::Pooler;
use crate::db::PgConn;
use crate::error::DbError;

pub(super) type Pooled = Object<AsyncDieselConnectionManager<PgConn>>;
type Make = dyn Fn() -> Result<Pool<PgConn>, BuildError> + Send + Sync;

/// Clones share their connections.
#[derive(Clone)]
pub(crate) struct Pools {
    make: Arc<Make>,
    /// How long a lookup may take once it has a connection; none for as long as it likes.
    limit: Option<Duration>,
    by_runtime: Arc<RwLock<HashMap<Id, OfRuntime>>>,
    pub(crate) pooler: Arc<Pooler>,
    pub(crate) maintenance: Arc<Maintenance>,
}

#[derive(Clone)]
struct OfRuntime {
    pool: Pool<PgConn>,
    lookups: Arc<Lookups>,
}

impl OfRuntime {
    fn status(&self) -> Status {
        let status = self.pool.status();
        Status { waiting: status.waiting + self.lookups.waiting(), ..status }
    }
}

impl Pools {
    pub(super) fn new(
        limit: Option<Duration>,
        pooler: Pooler,
        maintenance: Maintenance,
        make: impl Fn() -> Result<Pool<PgConn>, BuildError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            make: Arc::new(make),
            limit,
            by_runtime: Arc::default(),
            pooler: Arc::new(pooler),
            maintenance: Arc::new(maintenance),
        }
    }

    /// A connection of the runtime that this is called in, for the caller alone.
    pub(crate) async fn get(&self) -> Result<Pooled, DbError> {
        Ok(self.of_runtime(Handle::current().id())?.pool.get().await?)
    }

    /// A connection of the runtime that this is called in, for a lookup.
    pub(crate) async fn shared(&self) -> Result<Shared, DbError> {
        let OfRuntime { pool, lookups } = self.of_runtime(Handle::current().id())?;
        lookups.join(&pool, self.limit).await
    }

    fn of_runtime(&self, id: Id) -> Result<OfRuntime, BuildError> {
        if let Some(own) = self.by_runtime.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(own.clone());
        }
        let own = OfRuntime { pool: (self.make)()?, lookups: Arc::default() };
        let mut by_runtime = self.by_runtime.write().unwrap_or_else(PoisonError::into_inner);
        Ok(by_runtime.entry(id).or_insert(own).clone())
    }

    /// Closes the connections that nobody uses, whichever runtime's they are. Nobody joins those that are in use.
    pub(crate) fn close_idle(&self) {
        for own in self.by_runtime.read().unwrap_or_else(PoisonError::into_inner).values() {
            own.lookups.forget();
            own.pool.retain(|_, _| false);
        }
    }

    /// All of them together.
    pub(crate) fn status(&self) -> Status {
        let none = Status { max_size: 0, size: 0, available: 0, waiting: 0 };
        let by_runtime = self.by_runtime.read().unwrap_or_else(PoisonError::into_inner);
        by_runtime.values().map(OfRuntime::status).fold(none, |sum, one| Status {
            max_size: sum.max_size + one.max_size,
            size: sum.size + one.size,
            available: sum.available + one.available,
            waiting: sum.waiting + one.waiting,
        })
    }
}
