//! Opening the store that the configuration names.

use std::num::NonZeroUsize;
use std::sync::Arc;

use muster_domain::StoreError;
use muster_persistence::{Store, StoreOptions};
use tokio::runtime::Handle;

use crate::config::{Config, Mode};
use crate::data_dir::{self, DataDirError};

/// What follows when [`Store::lacks_statement_timeout`], and what to do.
pub(crate) const NO_STATEMENT_TIMEOUT: &str = "is not passed on by the pooler in DATABASE_URL, so PostgreSQL works on \
    statements without a limit in time: set it for Muster's role \
    (ALTER ROLE … SET statement_timeout, idle_in_transaction_session_timeout)";

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenStoreError {
    /// The data folder cannot be made.
    #[error("cannot keep the store")]
    DataDir(#[from] DataDirError),
    /// There is nothing to look at or to change.
    #[error(
        "there is no store yet ({0}): run this in the server's folder or with its DATABASE_URL or MUSTER_DATA_DIR; \
         to make a store, run `muster migrate`"
    )]
    NoStore(String),
    /// The database cannot be opened.
    #[error("cannot open the store (DATABASE_URL)")]
    Connect(#[source] StoreError),
    /// Its schema could not be brought up to date.
    #[error("cannot bring the store's schema up to date")]
    Migrate(#[source] StoreError),
    /// It does not answer, or its schema is not the one of this build.
    #[error("the store is not ready")]
    NotReady(#[source] StoreError),
}

/// The mode, the store and the folder, for who wonders whether a command looked at the right ones.
pub(crate) fn described(config: &Config) -> String {
    let folder = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    format!("{} mode, store: {}, folder: {}", config.mode.as_str(), config.store.place(), folder.display())
}

/// Opens the store for one runtime, whatever the state of its schema.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn connect(config: &Config) -> Result<Store, OpenStoreError> {
    connect_for(NonZeroUsize::MIN, config)
}

fn connect_for(runtimes: NonZeroUsize, config: &Config) -> Result<Store, OpenStoreError> {
    if config.database_in_data_dir {
        data_dir::create(&config.data_dir)?;
    }
    let options = StoreOptions { runtimes, ..config.store.clone() };
    Store::open(&options, Handle::current()).map_err(OpenStoreError::Connect)
}

/// Brings the schema up to date and returns which migrations that took.
///
/// # Errors
/// When a migration fails, or a newer build made the schema: there is nothing to apply then, and nothing to rely on.
pub(crate) async fn migrate(store: &Store) -> Result<Vec<String>, OpenStoreError> {
    let applied = store.migrate().await.map_err(OpenStoreError::Migrate)?;
    store.check_schema().await.map_err(OpenStoreError::NotReady)?;
    Ok(applied)
}

/// Opens the store with a current schema: in development mode it is brought up to date, in production only
/// `muster migrate` does that.
///
/// # Errors
/// When it cannot be opened or its schema is not the one of this build.
pub(crate) async fn open(config: &Config) -> Result<Arc<Store>, OpenStoreError> {
    open_for(NonZeroUsize::MIN, config).await
}

/// [`open`] for a command that looks at a store or changes what is in it: such a command makes none, because an empty store
/// in the wrong folder would answer it, and wrongly.
///
/// # Errors
/// [`OpenStoreError::NoStore`] when there is none, and as [`open`].
pub(crate) async fn open_existing(config: &Config) -> Result<Arc<Store>, OpenStoreError> {
    require_file(config)?;
    let store = connect(config)?;
    if config.mode == Mode::Development && !store.has_schema().await.map_err(OpenStoreError::NotReady)? {
        // That a pooler is unusable is what has to be mended first.
        return Err(match store.check_usable().await {
            Err(error @ StoreError::Backend(_)) => OpenStoreError::NotReady(error),
            _ => OpenStoreError::NoStore(config.store.place()),
        });
    }
    made_ready(config, store).await
}

/// Whether a store on SQLite has its file. Opening it would make one.
///
/// # Errors
/// [`OpenStoreError::NoStore`] when it has none.
pub(crate) fn require_file(config: &Config) -> Result<(), OpenStoreError> {
    match config.store.file() {
        Some(file) if !file.exists() => Err(OpenStoreError::NoStore(config.store.place())),
        _ => Ok(()),
    }
}

/// [`open`] for so many runtimes that use the store at once.
///
/// # Errors
/// As [`open`].
pub(crate) async fn open_for(runtimes: NonZeroUsize, config: &Config) -> Result<Arc<Store>, OpenStoreError> {
    made_ready(config, connect_for(runtimes, config)?).await
}

/// The store with a current schema, as [`open`] says.
async fn made_ready(config: &Config, store: Store) -> Result<Arc<Store>, OpenStoreError> {
    match config.mode {
        Mode::Development => drop(migrate(&store).await?),
        Mode::Production => store.check_usable().await.map_err(OpenStoreError::NotReady)?,
    }
    Ok(Arc::new(store))
}
