//! Opening an SQLite file.

pub(crate) mod errors;
pub(crate) mod person;

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::Pin;
use std::thread;
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::Manager;
use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, SqliteConnection};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
};
use diesel_async::sync_connection_wrapper::SpawnBlocking;
use muster_domain::StoreError;

use self::errors::is_locked;
use crate::db::Db;
use crate::{SqliteDurability, StoreOptions};

/// How many statements read at once when the options do not say.
const READERS: usize = 4;

/// The file's own lock is waited for, in milliseconds, because other processes may hold it: a backup, an import.
const SETUP: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;";
const READ_ONLY: &str = "PRAGMA query_only = ON;";
/// For how long a file that others turn to write-ahead logging is tried again.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("the database URL must name a file, like sqlite://data/muster.db")]
    NoFile,
    #[error("could not create the folder of the database {path}")]
    Folder { path: String, source: io::Error },
    #[error("could not open the database {path} for writing")]
    File { path: String, source: io::Error },
    #[error("could not open the database {path}")]
    Connect { path: String, source: ConnectionError },
    #[error("could not set up the database {path}")]
    SetUp { path: String, source: diesel::result::Error },
}

pub(crate) fn open(path: &str, options: &StoreOptions) -> Result<Db, StoreError> {
    // An in-memory database would be another one for each connection; a query string would be taken for the name.
    if path.is_empty() || path.starts_with(':') || path.contains(['?', '\0']) {
        return Err(StoreError::Backend(Box::new(OpenError::NoFile)));
    }
    prepare_file(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    // From the root, no path looks to SQLite like one of its `file:` URLs.
    let path = std::path::absolute(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let path = path.to_string_lossy();
    let readers = options.pool_size.map_or(READERS, NonZeroUsize::get);
    let patience = options.acquire_timeout;
    let writer = format!("{SETUP} {}", synchronous(options.sqlite_durability));
    let reader = format!("{writer} {READ_ONLY}");
    Ok(Db::Sqlite {
        lookup: pool(&path, readers.max(options.runtimes.get()), patience, reader.clone())?,
        read: pool(&path, readers, patience, reader)?,
        write: pool(&path, 1, patience, writer)?,
    })
}

/// Where statements run that take some microseconds: with a log that is written ahead, a reader waits for no writer, and
/// what a lookup reads is mostly in the page cache. Opening such a connection holds up the thread too, and so does another
/// process that has the file to itself, which it has only to recover it after a crash.
pub(crate) struct OnThisThread;

impl SpawnBlocking for OnThisThread {
    fn spawn_blocking<'a, R: Send + 'static>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> Pin<Box<dyn Future<Output = Result<R, Box<dyn Error + Send + Sync>>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(task())))
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// With `FULL` the log is flushed with each commit. With `NORMAL` it is flushed before it is copied into the file, which
/// keeps the file whole and no more.
fn synchronous(durability: SqliteDurability) -> &'static str {
    match durability {
        SqliteDurability::Full => "PRAGMA synchronous = FULL;",
        SqliteDurability::Normal => "PRAGMA synchronous = NORMAL;",
    }
}

/// Makes sure that the file is there, can be written and has a write-ahead log, so that what is wrong is said at start.
fn prepare_file(path: &str) -> Result<(), OpenError> {
    let named = || path.to_owned();
    if let Some(folder) = Path::new(path).parent() {
        fs::create_dir_all(folder).map_err(|source| OpenError::Folder { path: named(), source })?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| OpenError::File { path: named(), source })?;
    let connect_error = |source| OpenError::Connect { path: named(), source };
    let absolute = std::path::absolute(path).map_err(|source| OpenError::File { path: named(), source })?;
    let mut connection = SqliteConnection::establish(&absolute.to_string_lossy()).map_err(connect_error)?;
    set_up(&mut connection).map_err(|source| OpenError::SetUp { path: named(), source })
}

/// Where several processes give a new file its write-ahead log at once, SQLite tells all but one of them at once that it
/// is locked, whatever their `busy_timeout`: each would wait for the others.
fn set_up(connection: &mut SqliteConnection) -> Result<(), diesel::result::Error> {
    let began = Instant::now();
    loop {
        match connection.batch_execute(SETUP) {
            Err(error) if is_locked(&error) && began.elapsed() < LOCK_PATIENCE => thread::sleep(LOCK_PAUSE),
            done => return done,
        }
    }
}

fn pool<C>(path: &str, size: usize, patience: Duration, setup: String) -> Result<Pool<C>, StoreError>
where
    C: PoolableConnection + 'static,
    AsyncDieselConnectionManager<C>: Manager<Type = C, Error = PoolError>,
{
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |path| {
        let (path, setup) = (path.to_owned(), setup.clone());
        Box::pin(async move {
            let mut connection = C::establish(&path).await?;
            connection.batch_execute(&setup).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        })
    });
    let manager = AsyncDieselConnectionManager::<C>::new_with_config(path, config);
    let builder = Pool::builder(manager).max_size(size).runtime(Runtime::Tokio1).wait_timeout(Some(patience));
    builder.build().map_err(|error| StoreError::Backend(Box::new(error)))
}
