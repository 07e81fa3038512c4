//! Finding out what a pooler between Muster and PostgreSQL does with connections (adr/0026).

use std::sync::Arc;
use std::time::Duration;

use muster_domain::StoreError;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::connect::{Connector, NotConnected, first_value};
use crate::StoreOptions;
use crate::error::DbError;

/// How often another connection looks for a statement that the first one prepared, and how often that one prepares it
/// anew meanwhile. PgBouncer gives a transaction the server process that was used last, or each in turn
/// (`server_round_robin`), of 20 by default.
const LOOKS: u32 = 24;
const LOOKS_FOR_EACH_STATEMENT: u32 = 8;

#[derive(Debug, thiserror::Error)]
enum ProbeError {
    #[error("there is no connection to the database")]
    Connect(#[from] NotConnected),
    #[error("a statement failed")]
    Query(#[from] tokio_postgres::Error),
    #[error("the database did not answer in time")]
    TimedOut,
    #[error(
        "DATABASE_URL leads through a pooler that shares connections between transactions and does not keep prepared \
         statements: use PgBouncer 1.21 or later with max_prepared_statements above 0, or pool_mode = session"
    )]
    LosesStatements,
}

impl From<ProbeError> for DbError {
    fn from(error: ProbeError) -> Self {
        Self::Store(match error {
            ProbeError::LosesStatements => StoreError::Backend(Box::new(error)),
            _ => StoreError::Unavailable(Box::new(error)),
        })
    }
}

/// What was found out, once for all connections of a store.
pub(crate) struct Pooler {
    connector: Arc<Connector>,
    patience: Duration,
    wants_statement_timeout: bool,
    found: OnceCell<Found>,
}

struct Found {
    lacks_statement_timeout: bool,
}

impl Pooler {
    pub(super) fn new(connector: Arc<Connector>, options: &StoreOptions) -> Self {
        let patience = options.connect_timeout.saturating_add(options.acquire_timeout);
        let wants_statement_timeout = options.statement_timeout.is_some();
        Self { connector, patience, wants_statement_timeout, found: OnceCell::new() }
    }

    /// Whether Muster can work over the connections that it is given. What was found out once is not looked for again.
    ///
    /// # Errors
    /// When a pooler shares server processes between transactions and does not keep prepared statements, or when the
    /// database does not answer.
    pub(crate) async fn check(&self) -> Result<(), DbError> {
        self.found().await.map(drop)
    }

    /// Whether statements have a limit in time neither by the startup packet, which a pooler refused or changed, nor by
    /// what the role or the database is set to, though the options ask for one.
    pub(crate) async fn lacks_statement_timeout(&self) -> Result<bool, DbError> {
        Ok(self.found().await?.lacks_statement_timeout)
    }

    async fn found(&self) -> Result<&Found, DbError> {
        let probe = async { timeout(self.patience, self.probe()).await.unwrap_or(Err(ProbeError::TimedOut)) };
        Ok(self.found.get_or_try_init(async || probe.await).await?)
    }

    async fn probe(&self) -> Result<Found, ProbeError> {
        let one = self.connector.client().await?;
        let limit = first_value(&one, "SHOW statement_timeout").await?;
        let lacks_statement_timeout = self.wants_statement_timeout && limit.as_deref() == Some("0");
        // Where there is no second connection, no client shares the first one.
        if let Ok(other) = self.connector.client().await
            && loses_statements(&one, &other).await?
        {
            return Err(ProbeError::LosesStatements);
        }
        Ok(Found { lacks_statement_timeout })
    }
}

/// Whether `other` sees a statement that `one` prepared, under the name that `one` gave it. Only a pooler that shares
/// server processes and knows nothing of prepared statements makes that so: PostgreSQL shows each session its own, and
/// poolers that keep them give them other names.
async fn loses_statements(one: &Client, other: &Client) -> Result<bool, tokio_postgres::Error> {
    let mark = first_value(one, "SELECT md5(random()::text || clock_timestamp()::text)").await?.unwrap_or_default();
    let statement = format!("SELECT '{mark}'");
    let look = format!("SELECT name FROM pg_prepared_statements WHERE statement = $${statement}$$");
    let mut prepared = Vec::new();
    for number in 0..LOOKS {
        if number % LOOKS_FOR_EACH_STATEMENT == 0 {
            prepared.push(one.prepare(&statement).await?);
        }
        for seen in other.simple_query(&look).await? {
            if let SimpleQueryMessage::Row(row) = seen {
                return Ok(row.get(0).is_some_and(is_name_of_ours));
            }
        }
    }
    Ok(false)
}

/// Whether tokio-postgres gives such names: `s` and a number.
fn is_name_of_ours(name: &str) -> bool {
    let number = name.strip_prefix('s').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}
