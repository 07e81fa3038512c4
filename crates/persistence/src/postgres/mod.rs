//! Connecting to PostgreSQL, or to what speaks its protocol.

mod connect;
mod issue;
pub(crate) mod late_steps;
mod lookups;
mod maintenance;
mod negotiation;
pub(crate) mod people;
mod people_sql;
pub(crate) mod person;
mod pooler;
mod pools;
mod rotate;
mod spend_attempt;
pub(crate) mod sql_states;
mod tls;
mod url;

use std::num::NonZeroUsize;
use std::sync::Arc;

use deadpool::Runtime;
use deadpool::managed::QueueMode;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use muster_domain::StoreError;

use self::connect::Connector;
#[cfg(test)]
pub(crate) use self::lookups::SHARED_BY;
use self::maintenance::Maintenance;
use self::negotiation::Negotiation;
use self::pooler::Pooler;
pub(crate) use self::pools::Pools;

use crate::StoreOptions;
use crate::db::{Db, PgConn};

/// How many connections are opened when the options do not say: so many, or when that is more so many for each runtime.
const CONNECTIONS: usize = 16;
const CONNECTIONS_OF_RUNTIME: usize = 4;

/// The servers and the database that a URL names; `None` when it is malformed.
pub(crate) fn place(url: &str) -> Option<String> {
    url::parse(url).ok().map(|parsed| parsed.place())
}

/// Opens nothing yet; a connection is made when a unit of work needs one and none is free.
pub(crate) fn open(options: &StoreOptions) -> Result<Db, StoreError> {
    let mut parsed = url::parse(&options.url).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let tls = tls::connector(&parsed).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let negotiation = Negotiation::of(&mut parsed.server, tls);
    let maintenance = Maintenance::new(&parsed, &negotiation, options);
    let connector = Arc::new(Connector::new(parsed, negotiation, options.statement_timeout));
    let size = connections_of_runtime(options);
    let (acquire_timeout, connect_timeout) = (options.acquire_timeout, options.connect_timeout);

    // A lookup waits for those before it on its connection, and is worked on.
    let limit = options.statement_timeout.map(|statement| acquire_timeout.saturating_add(statement));

    let pooler = Pooler::new(connector.clone(), options);
    Ok(Db::Postgres(Pools::new(limit, pooler, maintenance, move || {
        let connector = connector.clone();
        let mut config = ManagerConfig::default();
        // A connection that is known to be closed or in a transaction is not used again; none is asked whether it works.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            let connector = connector.clone();
            Box::pin(async move { connector.connection().await })
        });
        // Without the URL, which holds the password and is parsed.
        let manager = AsyncDieselConnectionManager::<PgConn>::new_with_config("", config);
        Pool::builder(manager)
            .max_size(size)
            // The connection that was used last knows most statements, and its server process is warm.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(acquire_timeout))
            .create_timeout(Some(connect_timeout))
            .build()
    })))
}

fn connections_of_runtime(options: &StoreOptions) -> usize {
    let runtimes = options.runtimes.get();
    let in_all = options.pool_size.map_or(CONNECTIONS.max(CONNECTIONS_OF_RUNTIME * runtimes), NonZeroUsize::get);
    (in_all / runtimes).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_are_shared_out_among_the_runtimes() {
        let of_each = |in_all: Option<usize>, runtimes| {
            let pool_size = in_all.and_then(NonZeroUsize::new);
            let runtimes = NonZeroUsize::new(runtimes).unwrap();
            connections_of_runtime(&StoreOptions { pool_size, runtimes, ..StoreOptions::new("postgres://db/muster") })
        };
        assert_eq!([1, 3, 4, 17].map(|runtimes| of_each(None, runtimes)), [16, 5, 4, 4]);
        assert_eq!([1, 3, 5, 6].map(|runtimes| of_each(Some(5), runtimes)), [5, 1, 1, 1]);
    }
}
