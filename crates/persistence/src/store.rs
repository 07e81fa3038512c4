use muster_domain::StoreError;
use tokio::runtime::Handle;

use crate::StoreOptions;
use crate::db::Db;
use crate::error::DbError;

/// Every store port, over one database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    runtime: Handle,
}

/// Why no store can be made of a URL. It never holds the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
enum InvalidUrl {
    #[error("the database URL must be sqlite://PATH or postgres://USER@HOST/NAME")]
    Scheme,
    #[cfg(not(all(feature = "postgres", feature = "sqlite")))]
    #[error("this build has no support for {0}")]
    NotBuiltIn(&'static str),
}

impl Store {
    /// Opens the database of a URL: `sqlite://PATH` (a path from the working directory, or `sqlite:///PATH` from the
    /// root) or `postgres://…` (without TLS). An SQLite file is created when it is missing, with its folder, readable
    /// by its owner only; PostgreSQL is connected to when it is first needed.
    ///
    /// Statements run on `runtime`, which must be a multi-thread one. This function blocks for as long as opening a
    /// file takes.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the URL is malformed or of another kind of database, [`StoreError::Unavailable`]
    /// when the file cannot be opened or written.
    pub fn open(options: &StoreOptions, runtime: Handle) -> Result<Self, StoreError> {
        let db = match options.url.split_once("://") {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) => crate::sqlite::open(path, options)?,
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => crate::postgres::open(options)?,
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => return Err(StoreError::Backend(Box::new(InvalidUrl::NotBuiltIn("SQLite")))),
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => {
                return Err(StoreError::Backend(Box::new(InvalidUrl::NotBuiltIn("PostgreSQL"))));
            }
            _ => return Err(StoreError::Backend(Box::new(InvalidUrl::Scheme))),
        };
        Ok(Self { db, runtime })
    }

    /// [`Store::open`] with the default options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn connect(url: &str, runtime: Handle) -> Result<Self, StoreError> {
        Self::open(&StoreOptions::new(url), runtime)
    }

    /// Runs a unit of work to its end on the store's own runtime. A caller that is cancelled only stops waiting for it:
    /// no transaction is left open, and no connection is given back in the middle of a statement.
    pub(crate) async fn detached<T, Work>(&self, unit: impl FnOnce(Db) -> Work) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Work: Future<Output = Result<T, DbError>> + Send + 'static,
    {
        match self.runtime.spawn(unit(self.db.clone())).await {
            Ok(result) => result.map_err(StoreError::from),
            Err(failed) if failed.is_cancelled() => Err(StoreError::Unavailable(Box::new(failed))),
            Err(panicked) => Err(StoreError::Backend(Box::new(panicked))),
        }
    }
}
