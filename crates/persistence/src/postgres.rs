//! Connecting to PostgreSQL, or to what speaks its protocol.

use std::time::Duration;

use deadpool::Runtime;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use muster_domain::StoreError;
use tokio_postgres::Config;

use crate::db::{Db, PgConn};

/// How many connections one server opens.
const CONNECTIONS: usize = 16;
/// How long a unit of work waits for a connection, new or given back.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
#[error("the PostgreSQL URL is malformed")]
struct InvalidPostgresUrl(#[from] tokio_postgres::Error);

pub(crate) fn open(url: &str) -> Result<Db, StoreError> {
    let parsed = url.parse::<Config>();
    parsed.map_err(|error| StoreError::Backend(Box::new(InvalidPostgresUrl(error))))?;
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::<PgConn>::new_with_config(url, config);
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .build()
        .map_err(|error| StoreError::Backend(Box::new(error)))?;
    Ok(Db::Postgres(pool))
}
