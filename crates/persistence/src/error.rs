use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::PoolError;
use muster_domain::StoreError;

/// Why a unit of work did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    #[error("there is no connection to the database")]
    Pool(#[from] PoolError),
    #[error("a statement failed")]
    Query(#[from] DieselError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a failure: what was found says that the transaction must leave nothing behind. See [`unless_undone`].
    #[error("the unit of work was undone")]
    Undone,
}

impl DbError {
    /// A row of `table` that breaks `rule`; neither may hold content.
    pub(crate) fn inconsistent(table: &str, rule: &str) -> Self {
        Self::Store(StoreError::inconsistent(format!("{table}: {rule}")))
    }
}

/// What a transaction answers when it was undone on purpose.
pub(crate) fn unless_undone<T>(result: Result<T, DbError>, undone: T) -> Result<T, DbError> {
    match result {
        Err(DbError::Undone) => Ok(undone),
        other => other,
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Store(error) => error,
            DbError::Pool(_) => Self::Unavailable(Box::new(error)),
            DbError::Query(ref query) => match nature(query) {
                Nature::Passing => Self::Unavailable(Box::new(error)),
                Nature::Row(rule) => Self::inconsistent(rule),
                Nature::Lasting => Self::Backend(Box::new(error)),
            },
            DbError::Undone => Self::Backend(Box::new(error)),
        }
    }
}

enum Nature {
    /// The same call may succeed later.
    Passing,
    /// A row breaks a rule of the domain.
    Row(&'static str),
    /// Nothing that waiting helps.
    Lasting,
}

fn nature(error: &DieselError) -> Nature {
    match error {
        DieselError::BrokenTransactionManager => Nature::Passing,
        DieselError::DeserializationError(_) => Nature::Row("a column holds what its type cannot be"),
        DieselError::RollbackErrorOnCommit { commit_error, .. } => nature(commit_error),
        DieselError::DatabaseError(kind, info) => match kind {
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::SerializationFailure => Nature::Passing,
            DatabaseErrorKind::ForeignKeyViolation => Nature::Row("a row names another that is not on record"),
            DatabaseErrorKind::CheckViolation => Nature::Row("a row breaks a rule of its table"),
            _ if PASSING.iter().any(|start| info.message().starts_with(start)) => Nature::Passing,
            _ => Nature::Lasting,
        },
        _ => Nature::Lasting,
    }
}

/// How messages begin that come of the engine's surroundings. Diesel passes on neither SQLite's result codes nor
/// PostgreSQL's SQLSTATE for them; SQLite's messages for a result code are fixed (`sqlite3ErrStr`).
const PASSING: [&str; 11] = [
    // SQLITE_BUSY, _LOCKED, _FULL, _IOERR, _READONLY, _CANTOPEN
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
    // 40P01, 57P01, 57P03, 53300
    "deadlock detected",
    "terminating connection",
    "the database system is",
    "sorry, too many clients already",
    "remaining connection slots are reserved",
];
