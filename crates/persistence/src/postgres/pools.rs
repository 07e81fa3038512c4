//! A pool of connections for each runtime. A connection is driven by the runtime that opened it: where that is the
//! caller's own, as in each worker thread of an HTTP server, a statement costs no way to another thread and back.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use deadpool::Status;
use deadpool::managed::{BuildError, Object};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use tokio::runtime::{Handle, Id};

use crate::db::PgConn;
use crate::error::DbError;

type Make = dyn Fn() -> Result<Pool<PgConn>, BuildError> + Send + Sync;

/// Clones share their connections.
#[derive(Clone)]
pub(crate) struct Pools {
    make: Arc<Make>,
    by_runtime: Arc<RwLock<HashMap<Id, Pool<PgConn>>>>,
}

impl Pools {
    pub(super) fn new(make: impl Fn() -> Result<Pool<PgConn>, BuildError> + Send + Sync + 'static) -> Self {
        Self { make: Arc::new(make), by_runtime: Arc::default() }
    }

    /// A connection of the runtime that this is called in.
    pub(crate) async fn get(&self) -> Result<Object<AsyncDieselConnectionManager<PgConn>>, DbError> {
        let pool = self.of_runtime(Handle::current().id())?;
        Ok(pool.get().await?)
    }

    fn of_runtime(&self, id: Id) -> Result<Pool<PgConn>, BuildError> {
        if let Some(pool) = self.by_runtime.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(pool.clone());
        }
        let pool = (self.make)()?;
        let mut pools = self.by_runtime.write().unwrap_or_else(PoisonError::into_inner);
        Ok(pools.entry(id).or_insert(pool).clone())
    }

    /// Closes the connections that nobody uses, whichever runtime's they are.
    pub(crate) fn close_idle(&self) {
        for pool in self.by_runtime.read().unwrap_or_else(PoisonError::into_inner).values() {
            pool.retain(|_, _| false);
        }
    }

    /// All of them together.
    pub(crate) fn status(&self) -> Status {
        let none = Status { max_size: 0, size: 0, available: 0, waiting: 0 };
        let pools = self.by_runtime.read().unwrap_or_else(PoisonError::into_inner);
        pools.values().map(Pool::status).fold(none, |sum, one| Status {
            max_size: sum.max_size + one.max_size,
            size: sum.size + one.size,
            available: sum.available + one.available,
            waiting: sum.waiting + one.waiting,
        })
    }
}
