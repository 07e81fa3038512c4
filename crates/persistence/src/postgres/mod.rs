//! Connecting to PostgreSQL, or to what speaks its protocol.

mod issue;
mod lookups;
pub(crate) mod people;
mod people_sql;
pub(crate) mod person;
mod pools;
mod rotate;
mod spend_attempt;
mod tls;
mod url;

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::QueueMode;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use muster_domain::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

#[cfg(test)]
pub(crate) use self::lookups::SHARED_BY;
pub(crate) use self::pools::Pools;

use crate::StoreOptions;
use crate::db::{Db, PgConn};

/// How many connections are opened when the options do not say: so many, or when that is more so many for each runtime.
const CONNECTIONS: usize = 16;
const CONNECTIONS_OF_RUNTIME: usize = 4;
/// How long a server whose machine vanished goes unnoticed: silent for so long, it is asked; what was sent and not
/// acknowledged for so long breaks the connection.
const SILENCE: Duration = Duration::from_secs(30);

/// Opens nothing yet; a connection is made when a unit of work needs one and none is free.
pub(crate) fn open(options: &StoreOptions) -> Result<Db, StoreError> {
    let parsed = url::parse(&options.url).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let tls = tls::connector(&parsed).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let mut server = parsed.server;
    server.keepalives_idle(SILENCE);
    if server.get_tcp_user_timeout().is_none() {
        server.tcp_user_timeout(SILENCE);
    }
    // A standby can lack what the primary acknowledged: it replays later than it receives.
    server.target_session_attrs(TargetSessionAttrs::ReadWrite);
    let set_up: Arc<str> = set_up(options.statement_timeout).into();
    let size = connections_of_runtime(options);
    let (acquire_timeout, connect_timeout) = (options.acquire_timeout, options.connect_timeout);

    // A lookup waits for those before it on its connection, and is worked on.
    let limit = options.statement_timeout.map(|statement| acquire_timeout.saturating_add(statement));

    Ok(Db::Postgres(Pools::new(limit, move || {
        let (server, tls, set_up) = (server.clone(), tls.clone(), set_up.clone());
        let mut config = ManagerConfig::default();
        // A connection that is known to be closed or in a transaction is not used again; none is asked whether it works.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            let (server, tls, set_up) = (server.clone(), tls.clone(), set_up.clone());
            Box::pin(async move { connect(&server, tls, &set_up).await })
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

async fn connect(server: &Config, tls: MakeRustlsConnect, set_up: &str) -> ConnectionResult<PgConn> {
    let connected = server.connect(tls).await;
    let (client, connection) = connected.map_err(|error| ConnectionError::BadConnection(with_causes(&error)))?;
    let mut connection = PgConn::try_from_client_and_connection(client, connection).await?;
    connection.batch_execute(set_up).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// What every connection is told. `bytea_output` is how bytes look in JSON.
fn set_up(statement_timeout: Option<Duration>) -> String {
    let millis = statement_timeout.map_or(0, |limit| limit.as_millis().clamp(1, i32::MAX.unsigned_abs().into()));
    format!(
        "SET statement_timeout = {millis}; SET idle_in_transaction_session_timeout = {millis}; SET bytea_output = hex"
    )
}

/// An error and what caused it, in one line: diesel's error for a connection holds a text.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
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
