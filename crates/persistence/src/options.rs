use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

/// What is certain of a write that SQLite acknowledged. The file is whole in any case, and nothing is
/// missing after a crash of Muster's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SqliteDurability {
    /// It survives a power cut: each commit waits for the disk.
    #[default]
    Full,
    /// After a power cut the last transactions may be missing. Writes wait for the disk once in many.
    Normal,
}

/// Where a store is, and how patient it is with its database.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite://PATH` or `postgres://…`; see [`crate::Store::open`]. It may hold a password, and is never shown.
    pub url: String,
    /// How many connections are open at most. On PostgreSQL they are shared out evenly among the runtimes, one for each
    /// at the least; on SQLite there are so many for lookups and as many for all else that reads, beside the one that writes.
    /// `None` means 4 on SQLite, and on PostgreSQL 16 or, when that is more, 4 for each runtime.
    pub pool_size: Option<NonZeroUsize>,
    /// How many tokio runtimes use the store at once: 1, or one more than there are workers in a process that serves HTTP
    /// by actix, for each of them has its own. It decides how many of PostgreSQL's connections one runtime opens.
    pub runtimes: NonZeroUsize,
    /// How long opening one connection may take, TLS and sign-in included; 5 seconds. Opening a file waits for nothing,
    /// so SQLite has no use for it.
    pub connect_timeout: Duration,
    /// How long a unit of work waits for a connection that others use; 10 seconds.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL works on one statement, and how long it keeps a transaction open that says nothing; 30
    /// seconds, `None` for no limit. Migrations are not held to it. It goes into the startup packet; a pooler that
    /// refuses that leaves it to what the role or the database is set to, see
    /// [`crate::Store::lacks_statement_timeout`]. SQLite has nothing like it: there it does nothing.
    pub statement_timeout: Option<Duration>,
    /// What SQLite promises of an acknowledged write; [`SqliteDurability::Full`]. PostgreSQL promises what its own
    /// `synchronous_commit` says.
    pub sqlite_durability: SqliteDurability,
}

impl StoreOptions {
    /// The store at `url`, everything else by default.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: None,
            runtimes: NonZeroUsize::MIN,
            connect_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Some(Duration::from_secs(30)),
            sqlite_durability: SqliteDurability::Full,
        }
    }
}

impl StoreOptions {
    /// Which store it is, for people: the engine, and the file or the servers and the database. It holds no user and no
    /// password.
    #[must_use]
    pub fn place(&self) -> String {
        match self.url.split_once("://") {
            Some(("sqlite", path)) => format!("SQLite {path}"),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => match crate::postgres::place(&self.url) {
                Some(place) => format!("PostgreSQL {place}"),
                None => "PostgreSQL, by a malformed URL".to_owned(),
            },
            _ => "unknown, by a malformed URL".to_owned(),
        }
    }

    /// The file of a store on SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.url.strip_prefix("sqlite://").map(Path::new)
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("url", &"redacted")
            .field("pool_size", &self.pool_size)
            .field("runtimes", &self.runtimes)
            .field("connect_timeout", &self.connect_timeout)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("sqlite_durability", &self.sqlite_durability)
            .finish()
    }
}
