use muster_domain::StoreError;
use tokio::runtime::Handle;

use crate::StoreOptions;
use crate::db::Db;
use crate::error::{DbError, ErrorClass};
use crate::writable::LastProbe;

/// How often a unit of work that lost against another is done again before its caller is told.
const CONFLICTS: u8 = 3;

/// Every store port, over one database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    runtime: Handle,
    pub(crate) last_probe: LastProbe,
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
    /// root) or `postgres://…`. An SQLite file is created when it is missing, with its folder, readable by its owner
    /// only; PostgreSQL is connected to when it is first needed.
    ///
    /// TLS to PostgreSQL is decided by `sslmode` in the URL:
    ///
    /// | `sslmode` | |
    /// |---|---|
    /// | `disable` | no TLS |
    /// | `prefer`, the default | TLS when the server offers it, with anyone: it protects from those who only listen |
    /// | `verify-ca` | a certificate that traces back to a trusted root |
    /// | `verify-full`, `require` | that, for the host's name; unlike in libpq `require` verifies, because TLS with anyone keeps out nobody who can answer |
    ///
    /// Trusted are the system's roots, or those in the PEM file that `sslrootcert` in the URL names. Over a Unix socket
    /// (`postgres:///NAME?host=/run/postgresql`) there is no TLS, whatever the mode.
    ///
    /// Units of work run on `runtime`, which must be a multi-thread one. Those on PostgreSQL, and lookups by a key on SQLite,
    /// run instead on the runtime that asks for them, when it is one of tokio's; on PostgreSQL with connections of that
    /// runtime's own. A worker thread with a runtime of its own, like actix's, then waits for no other thread. This function blocks for as long as opening a file
    /// takes.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the URL is malformed or of another kind of database or its roots cannot be read,
    /// [`StoreError::Unavailable`] when the file cannot be opened or written.
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
        Ok(Self { db, runtime, last_probe: LastProbe::default() })
    }

    /// [`Store::open`] with the default options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn connect(url: &str, runtime: Handle) -> Result<Self, StoreError> {
        Self::open(&StoreOptions::new(url), runtime)
    }

    /// Runs a unit of work to its end in a task of its own. A caller that is cancelled only stops waiting for it:
    /// no transaction is left open, and no connection is given back in the middle of a statement.
    ///
    /// A unit is done again when the database undid it for the sake of another.
    pub(crate) async fn detached<T, Work, Unit>(&self, unit: Unit) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Unit: FnOnce(Db) -> Work + Clone + Send + 'static,
        Work: Future<Output = Result<T, DbError>> + Send + 'static,
    {
        self.run(unit, 0).await
    }

    /// [`Store::detached`] for what only reads, which is also done again, once and on a new connection, when its connection
    /// broke. Of a write nobody knows then whether it happened.
    pub(crate) async fn reading<T, Work, Unit>(&self, unit: Unit) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Unit: FnOnce(Db) -> Work + Clone + Send + 'static,
        Work: Future<Output = Result<T, DbError>> + Send + 'static,
    {
        self.run(unit, 1).await
    }

    /// [`Store::reading`] for a lookup by a key, which leaves nothing open when its caller is cancelled: on PostgreSQL it is
    /// one statement, whose answer the connection reads to its end in any case, and on SQLite it is done without a
    /// pause. So it needs no task of its own.
    pub(crate) async fn asking<T, Work, Unit>(&self, unit: Unit) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Unit: FnOnce(Db) -> Work + Clone + Send + 'static,
        Work: Future<Output = Result<T, DbError>> + Send + 'static,
    {
        if Handle::try_current().is_ok() {
            attempts(self.db.clone(), unit, 1).await.map_err(StoreError::from)
        } else {
            self.reading(unit).await
        }
    }

    async fn run<T, Work, Unit>(&self, unit: Unit, lost_connections: u8) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Unit: FnOnce(Db) -> Work + Clone + Send + 'static,
        Work: Future<Output = Result<T, DbError>> + Send + 'static,
    {
        let running = self.runtime_of_caller().spawn(attempts(self.db.clone(), unit, lost_connections));
        match running.await {
            Ok(result) => result.map_err(StoreError::from),
            Err(failed) if failed.is_cancelled() => Err(StoreError::Unavailable(Box::new(failed))),
            Err(panicked) => Err(StoreError::Backend(Box::new(panicked))),
        }
    }

    /// Where a unit of work that is no lookup runs. Those on SQLite block the thread when they are cut short, which only a multi-thread
    /// runtime can bear.
    fn runtime_of_caller(&self) -> Handle {
        match self.db {
            #[cfg(feature = "postgres")]
            Db::Postgres(_) => Handle::try_current().unwrap_or_else(|_| self.runtime.clone()),
            #[cfg(feature = "sqlite")]
            Db::Sqlite { .. } => self.runtime.clone(),
        }
    }
}

/// A unit of work, again after each conflict and after so many lost connections.
async fn attempts<T, Work, Unit>(db: Db, unit: Unit, mut lost_connections: u8) -> Result<T, DbError>
where
    Unit: FnOnce(Db) -> Work + Clone,
    Work: Future<Output = Result<T, DbError>>,
{
    let mut conflicts = CONFLICTS;
    loop {
        let result = unit.clone()(db.clone()).await;
        let Err(error) = &result else { return result };
        match error.class() {
            ErrorClass::Conflict if conflicts > 0 => conflicts -= 1,
            // Whatever the unit of work does, it did not happen. The connection is closed, for it would fail again.
            ErrorClass::StatementGone => {
                db.close_idle();
                if conflicts == 0 {
                    return result;
                }
                conflicts -= 1;
            }
            ErrorClass::ConnectionLost => {
                db.close_idle();
                if lost_connections == 0 {
                    return result;
                }
                lost_connections -= 1;
            }
            ErrorClass::Conflict | ErrorClass::Transient | ErrorClass::InvalidRow(_) | ErrorClass::Permanent => {
                return result;
            }
        }
    }
}
