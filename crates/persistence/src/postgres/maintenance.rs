//! Connections for work that is no request: each is opened for it and closed after it, and its statements have no limit in
//! time.

use std::error::Error;
use std::time::Duration;

use muster_domain::StoreError;
use tokio::time::timeout;
use tokio_postgres::config::TargetSessionAttrs;

use super::connect::Connector;
use super::negotiation::Negotiation;
use super::url::ParsedUrl;
use crate::StoreOptions;
use crate::db::PgConn;
use crate::error::DbError;

#[derive(Debug, thiserror::Error)]
enum MaintenanceError {
    #[error("there is no connection to the database")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    #[error("the database did not answer in time")]
    TimedOut,
}

impl From<MaintenanceError> for DbError {
    fn from(error: MaintenanceError) -> Self {
        Self::Store(StoreError::Unavailable(Box::new(error)))
    }
}

/// Opens such connections.
pub(crate) struct Maintenance {
    any: Connector,
    writing: Connector,
    patience: Duration,
}

impl Maintenance {
    pub(super) fn new(url: &ParsedUrl, negotiation: &Negotiation, options: &StoreOptions) -> Self {
        let connector = |wanted| Connector::for_maintenance(url.clone(), negotiation.clone(), wanted);
        Self {
            any: connector(TargetSessionAttrs::Any),
            writing: connector(TargetSessionAttrs::ReadWrite),
            patience: options.connect_timeout.saturating_add(options.acquire_timeout),
        }
    }

    /// A connection to whichever server answers, which may be a standby.
    pub(crate) async fn any(&self) -> Result<PgConn, DbError> {
        self.open(&self.any).await
    }

    /// A connection to a server that can be written to.
    pub(crate) async fn writing(&self) -> Result<PgConn, DbError> {
        self.open(&self.writing).await
    }

    async fn open(&self, connector: &Connector) -> Result<PgConn, DbError> {
        let opened = timeout(self.patience, connector.connection()).await.map_err(|_| MaintenanceError::TimedOut)?;
        Ok(opened.map_err(|error| MaintenanceError::Connect(Box::new(error)))?)
    }
}
