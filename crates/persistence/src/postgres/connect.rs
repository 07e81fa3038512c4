//! Opening connections.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use muster_domain::with_causes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, SimpleQueryMessage};

use super::negotiation::Negotiation;
use super::url::{ParsedUrl, port_of};
use crate::db::PgConn;

/// How long a server whose machine vanished goes unnoticed: after so long without an answer the server is asked, and
/// what was sent and not acknowledged for so long breaks the connection.
const SILENCE: Duration = Duration::from_secs(30);

/// To which servers no connection was opened.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL at {servers}")]
pub(super) struct NotConnected {
    servers: String,
    source: ConnectError,
}

/// Why no connection was opened.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    #[error("error connecting to the server's socket")]
    Socket(#[from] io::Error),
    #[error("the server does not allow what target_session_attrs asks for")]
    SessionAttributes,
    #[error("the URL names no server")]
    NoHost,
}

impl ConnectError {
    /// Whether the server, or a pooler before it, may have refused the settings in the startup packet. PgBouncer says
    /// 08P01 for parameters that it cannot pass on (1.18: `options`; from 1.20 on those in `options` that it does not
    /// track), others say 0A000, 22023 or 42704.
    fn may_be_of_settings(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        let class = error.code().and_then(|code| code.code().get(..2));
        matches!(class, Some("08" | "0A" | "22" | "42"))
    }
}

/// What connections are opened with.
pub(super) struct Connector {
    server: Config,
    /// The same, with the settings of Muster's sessions in the startup packet.
    with_settings: Config,
    negotiation: Negotiation,
    refuses_settings: AtomicBool,
    /// The servers, for errors.
    servers: String,
}

impl Connector {
    pub(super) fn new(url: ParsedUrl, negotiation: Negotiation, statement_timeout: Option<Duration>) -> Self {
        // A standby can lack what the primary acknowledged: it replays later than it receives.
        Self::with(url, negotiation, TargetSessionAttrs::ReadWrite, &settings(statement_timeout))
    }

    /// For what may take longer than any request, as building an index does.
    pub(super) fn for_maintenance(url: ParsedUrl, negotiation: Negotiation, wanted: TargetSessionAttrs) -> Self {
        let settings = format!("{} -c maintenance_work_mem=256MB", settings(None));
        Self::with(url, negotiation, wanted, &settings)
    }

    fn with(url: ParsedUrl, negotiation: Negotiation, wanted: TargetSessionAttrs, settings: &str) -> Self {
        let servers = url.servers();
        let mut server = url.server;
        server.keepalives_idle(SILENCE);
        if server.get_tcp_user_timeout().is_none() {
            server.tcp_user_timeout(SILENCE);
        }
        server.target_session_attrs(wanted);
        let options = server.get_options().map_or_else(|| settings.to_owned(), |given| format!("{given} {settings}"));
        let mut with_settings = server.clone();
        with_settings.options(options);
        Self { server, with_settings, negotiation, refuses_settings: AtomicBool::new(false), servers }
    }

    /// A connection for diesel.
    pub(super) async fn connection(&self) -> ConnectionResult<PgConn> {
        let client = self.client().await.map_err(|error| ConnectionError::BadConnection(with_causes(&error)))?;
        PgConn::try_from(client).await
    }

    /// A connection. Its settings are in its startup packet and not in a `SET`, which a pooler that shares server
    /// processes between transactions would run on one of them only. A pooler that refuses them gets none, and what
    /// the role or the database is set to holds ([`super::pooler`]).
    pub(super) async fn client(&self) -> Result<Client, NotConnected> {
        let opened = self.open_with_settings().await;
        opened.map_err(|source| NotConnected { servers: self.servers.clone(), source })
    }

    async fn open_with_settings(&self) -> Result<Client, ConnectError> {
        if !self.refuses_settings.load(Ordering::Relaxed) {
            match self.open(&self.with_settings).await {
                Err(error) if error.may_be_of_settings() => {}
                opened => return opened,
            }
        }
        let opened = self.open(&self.server).await;
        // Where this fails too, it was not the settings, or the server changes.
        self.refuses_settings.store(opened.is_ok(), Ordering::Relaxed);
        opened
    }

    async fn open(&self, server: &Config) -> Result<Client, ConnectError> {
        #[cfg(unix)]
        if server.get_hosts().iter().any(|host| matches!(host, Host::Unix(_))) {
            return self.open_socket(server).await;
        }
        let (client, connection) = server.connect(self.negotiation.clone()).await?;
        drive(connection);
        Ok(client)
    }

    /// tokio-postgres gives only TCP connections to [`Negotiation`], so Unix sockets are opened here.
    #[cfg(unix)]
    async fn open_socket(&self, server: &Config) -> Result<Client, ConnectError> {
        let mut failure = ConnectError::NoHost;
        for (number, host) in server.get_hosts().iter().enumerate() {
            let Host::Unix(folder) = host else { continue };
            let port = port_of(server, number);
            let opened = async {
                let socket = tokio::net::UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?;
                let (client, connection) = server.connect_raw(socket, self.negotiation.without_name()).await?;
                drive(connection);
                let wanted = server.get_target_session_attrs();
                if wanted == TargetSessionAttrs::Any || wanted == session_attributes(&client).await? {
                    Ok(client)
                } else {
                    Err(ConnectError::SessionAttributes)
                }
            };
            match opened.await {
                Ok(client) => return Ok(client),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

async fn session_attributes(client: &Client) -> Result<TargetSessionAttrs, tokio_postgres::Error> {
    let is_read_only = first_value(client, "SHOW transaction_read_only").await?;
    Ok(if is_read_only.as_deref() == Some("on") { TargetSessionAttrs::ReadOnly } else { TargetSessionAttrs::ReadWrite })
}

/// The first value of a query's first row. It is not prepared.
pub(super) async fn first_value(client: &Client, query: &str) -> Result<Option<String>, tokio_postgres::Error> {
    let answer = client.simple_query(query).await?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// Reads and writes what goes over a connection until it is closed. Of a failure each statement under way is told.
fn drive<S, T>(mut connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsStream + Unpin + Send + 'static,
{
    tokio::spawn(async move { while let Some(Ok(_)) = poll_fn(|context| connection.poll_message(context)).await {} });
}

/// The settings of a session, as command-line options of its server process.
fn settings(statement_timeout: Option<Duration>) -> String {
    let millis = statement_timeout.map_or(0, |limit| limit.as_millis().clamp(1, i32::MAX.unsigned_abs().into()));
    format!("-c statement_timeout={millis} -c idle_in_transaction_session_timeout={millis}")
}
