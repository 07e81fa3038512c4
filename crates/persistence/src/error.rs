use deadpool::managed::BuildError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::PoolError;
use muster_domain::StoreError;
use muster_domain::access::AdmitOutcome;
use muster_domain::verification::OpenOutcome;

#[cfg(feature = "sqlite")]
use crate::sqlite::errors::is_transient;

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
    #[error("somebody else is known by that name or subject")]
    NotAdmitted(AdmitOutcome),
    /// As much.
    #[error("a push token changed hands meanwhile")]
    HolderChanged,
    /// As much.
    #[error("an audit record is gone or sealed already")]
    Unsealable,
}

impl DbError {
    /// What this means for the unit of work that met it.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::Query(error) => class_of(error),
            Self::Pool(_) => ErrorClass::Transient,
            Self::NoPool(_)
            | Self::Store(_)
            | Self::OverQuota(_)
            | Self::NotAdmitted(_)
            | Self::HolderChanged
            | Self::Unsealable => ErrorClass::Permanent,
        }
    }

    /// A row of `table` that breaks `rule`; neither may hold content.
    pub(crate) fn inconsistent(table: &str, rule: &str) -> Self {
        Self::Store(StoreError::inconsistent(format!("{table}: {rule}")))
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        if let DbError::Store(error) = error {
            return error;
        }
        match error.class() {
            ErrorClass::Conflict | ErrorClass::StatementGone | ErrorClass::ConnectionLost | ErrorClass::Transient => {
                Self::Unavailable(Box::new(error))
            }
            ErrorClass::InvalidRow(rule) => Self::inconsistent(rule),
            ErrorClass::Permanent => Self::Backend(Box::new(error)),
        }
    }
}

/// What an error of the database means for the unit of work that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorClass {
    /// The database undid a transaction for the sake of another; nothing of it happened.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has one writer at a time"))]
    Conflict,
    /// The connection does not have a prepared statement that it had. Nothing of the unit of work happened, and the
    /// connection cannot be used any more.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite keeps its statements"))]
    StatementGone,
    /// The connection broke; whether what was asked for happened is not known.
    ConnectionLost,
    /// The same call may succeed later.
    Transient,
    /// A row breaks a rule of the domain.
    InvalidRow(&'static str),
    /// Waiting does not help.
    Permanent,
}

fn class_of(error: &DieselError) -> ErrorClass {
    match error {
        DieselError::BrokenTransactionManager => ErrorClass::ConnectionLost,
        DieselError::DeserializationError(_) => ErrorClass::InvalidRow("a column holds what its type cannot be"),
        DieselError::RollbackErrorOnCommit { commit_error, .. } => class_of(commit_error),
        DieselError::DatabaseError(kind, information) => {
            let message = information.message();
            // PostgreSQL's errors have their code in front, whatever the language of the rest.
            #[cfg(feature = "postgres")]
            if let Some(code) = crate::postgres::sql_states::sql_state(message) {
                return crate::postgres::sql_states::class_of(code);
            }
            class_of_kind(*kind, message)
        }
        _ => ErrorClass::Permanent,
    }
}

/// The class of an error without a code: one of SQLite's, or of a connection to PostgreSQL that broke.
fn class_of_kind(kind: DatabaseErrorKind, message: &str) -> ErrorClass {
    match kind {
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => ErrorClass::ConnectionLost,
        DatabaseErrorKind::ForeignKeyViolation => ErrorClass::InvalidRow("a row names another that is not on record"),
        DatabaseErrorKind::CheckViolation => ErrorClass::InvalidRow("a row breaks a rule of its table"),
        _ if is_transient(message) => ErrorClass::Transient,
        _ => ErrorClass::Permanent,
    }
}

#[cfg(not(feature = "sqlite"))]
fn is_transient(_: &str) -> bool {
    false
}
