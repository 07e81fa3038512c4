//! Connecting to PostgreSQL, or to what speaks its protocol.

use std::num::NonZeroUsize;

use deadpool::Runtime;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use muster_domain::StoreError;
use tokio_postgres::Config;

use crate::StoreOptions;
use crate::db::{Db, PgConn};

/// How many connections one server opens when the options do not say.
const CONNECTIONS: usize = 16;

#[derive(Debug, thiserror::Error)]
#[error("the PostgreSQL URL is malformed")]
struct InvalidPostgresUrl(#[from] tokio_postgres::Error);

pub(crate) fn open(options: &StoreOptions) -> Result<Db, StoreError> {
    let parsed = options.url.parse::<Config>();
    parsed.map_err(|error| StoreError::Backend(Box::new(InvalidPostgresUrl(error))))?;
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::<PgConn>::new_with_config(&options.url, config);
    let pool = Pool::builder(manager)
        .max_size(options.pool_size.map_or(CONNECTIONS, NonZeroUsize::get))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(options.acquire_timeout))
        .create_timeout(Some(options.connect_timeout))
        .build()
        .map_err(|error| StoreError::Backend(Box::new(error)))?;
    Ok(Db::Postgres(pool))
}
