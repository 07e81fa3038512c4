use deadpool::managed::BuildError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::PoolError;
use muster_domain::StoreError;
use muster_domain::verification::OpenOutcome;

/// Why a unit of work did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    #[error("there is no connection to the database")]
    Pool(#[from] PoolError),
    #[error("there can be no connections to the database")]
    NoPool(#[from] BuildError),
    #[error("a statement failed")]
    Query(#[from] DieselError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No failure, but the way out of a transaction that undoes it.
    #[error("one more code is more than a quota allows")]
    OverQuota(OpenOutcome),
    /// As much.
    #[error("an audit record is gone or sealed already")]
    Unsealable,
}

impl DbError {
    /// Whether the database undid this for the sake of another, so that it can be done again.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Query(error) if matches!(nature(error), Nature::Conflict))
    }

    /// Whether the connection broke under it.
    pub(crate) fn is_lost_connection(&self) -> bool {
        matches!(self, Self::Query(error) if matches!(nature(error), Nature::Lost))
    }

    /// A row of `table` that breaks `rule`; neither may hold content.
    pub(crate) fn inconsistent(table: &str, rule: &str) -> Self {
        Self::Store(StoreError::inconsistent(format!("{table}: {rule}")))
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Store(error) => error,
            DbError::Pool(_) => Self::Unavailable(Box::new(error)),
            DbError::NoPool(_) | DbError::OverQuota(_) | DbError::Unsealable => Self::Backend(Box::new(error)),
            DbError::Query(ref query) => match nature(query) {
                Nature::Conflict | Nature::Lost | Nature::Passing => Self::Unavailable(Box::new(error)),
                Nature::Row(rule) => Self::inconsistent(rule),
                Nature::Lasting => Self::Backend(Box::new(error)),
            },
        }
    }
}

enum Nature {
    /// The database undid a transaction for the sake of another; nothing of it happened.
    Conflict,
    /// The connection broke; whether what was asked for happened is not known.
    Lost,
    /// The same call may succeed later.
    Passing,
    /// A row breaks a rule of the domain.
    Row(&'static str),
    /// Nothing that waiting helps.
    Lasting,
}

fn nature(error: &DieselError) -> Nature {
    match error {
        DieselError::BrokenTransactionManager => Nature::Lost,
        DieselError::DeserializationError(_) => Nature::Row("a column holds what its type cannot be"),
        DieselError::RollbackErrorOnCommit { commit_error, .. } => nature(commit_error),
        DieselError::DatabaseError(kind, info) => match kind {
            DatabaseErrorKind::SerializationFailure => Nature::Conflict,
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Nature::Lost,
            DatabaseErrorKind::ReadOnlyTransaction => Nature::Passing,
            DatabaseErrorKind::ForeignKeyViolation => Nature::Row("a row names another that is not on record"),
            DatabaseErrorKind::CheckViolation => Nature::Row("a row breaks a rule of its table"),
            _ if info.message().starts_with(DEADLOCK) => Nature::Conflict,
            _ if info.message().starts_with(CUT_OFF) => Nature::Lost,
            _ if PASSING.iter().any(|start| info.message().starts_with(start)) => Nature::Passing,
            _ => Nature::Lasting,
        },
        _ => Nature::Lasting,
    }
}

/// Whether others hold the lock on an SQLite file.
#[cfg(feature = "sqlite")]
pub(crate) fn is_locked(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, info) if info.message().starts_with(LOCKED))
}

// How messages begin that come of the engine's surroundings. Diesel passes on neither SQLite's result codes nor
// PostgreSQL's SQLSTATE for them; SQLite's messages for a result code are fixed (`sqlite3ErrStr`).

/// 40P01
const DEADLOCK: &str = "deadlock detected";
/// 57P01, 57P02, 25P03
const CUT_OFF: &str = "terminating connection";
/// `SQLITE_BUSY`
const LOCKED: &str = "database is locked";
const PASSING: [&str; 13] = [
    LOCKED,
    // SQLITE_LOCKED, _FULL, _IOERR, _READONLY, _CANTOPEN
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
    // 57014, 57P03, 53300
    "canceling statement due to",
    "the database system is",
    "sorry, too many clients already",
    "remaining connection slots are reserved",
    // 53100, 53200
    "could not extend file",
    "could not write",
    "out of memory",
];
