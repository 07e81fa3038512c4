//! Connecting to PostgreSQL, or to what speaks its protocol.

pub(crate) mod person;
mod rotate;
mod tls;
mod url;

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Duration;

use deadpool::Runtime;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use muster_domain::StoreError;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreOptions;
use crate::db::{Db, PgConn};

/// How many connections one server opens when the options do not say.
const CONNECTIONS: usize = 16;
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
    let set_up = set_up(options.statement_timeout);

    let mut config = ManagerConfig::default();
    // A connection that is known to be closed or in a transaction is not used again; none is asked whether it works.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let (server, tls, set_up) = (server.clone(), tls.clone(), set_up.clone());
        Box::pin(async move { connect(&server, tls, &set_up).await })
    });
    // Without the URL, which holds the password and is parsed.
    let manager = AsyncDieselConnectionManager::<PgConn>::new_with_config("", config);
    let pool = Pool::builder(manager)
        .max_size(options.pool_size.map_or(CONNECTIONS, NonZeroUsize::get))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(options.acquire_timeout))
        .create_timeout(Some(options.connect_timeout))
        .build()
        .map_err(|error| StoreError::Backend(Box::new(error)))?;
    Ok(Db::Postgres(pool))
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
