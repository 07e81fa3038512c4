//! SQLite's result codes. diesel passes on only their messages, which are fixed English texts (`sqlite3ErrStr`).

use diesel::result::Error as DieselError;

/// `SQLITE_BUSY`
const BUSY: &str = "database is locked";
/// What has its cause around SQLite, so that the same call may succeed later.
const TRANSIENT: [&str; 7] = [
    BUSY,
    // SQLITE_LOCKED, _FULL, _IOERR, _READONLY, _CANTOPEN, _NOMEM
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
    "out of memory",
];

pub(crate) fn is_transient(message: &str) -> bool {
    TRANSIENT.iter().any(|start| message.starts_with(start))
}

/// Whether others hold the lock on the file.
pub(super) fn is_locked(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, information) if information.message().starts_with(BUSY))
}
