//! What becomes of SQLite's own failures, each provoked.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use muster_domain::StoreError;

use crate::error::DbError;

/// What a port would answer when `statement` fails on the second of two connections to one file.
fn failure(first: &str, second: &str, statement: &str) -> StoreError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let connect = || SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let (mut one, mut other) = (connect(), connect());
    one.batch_execute("CREATE TABLE t (n INTEGER PRIMARY KEY CHECK (n < 9)); CREATE TABLE child (n REFERENCES t)")
        .unwrap();
    one.batch_execute(first).unwrap();
    other.batch_execute(second).unwrap();
    DbError::from(other.batch_execute(statement).unwrap_err()).into()
}

#[test]
fn a_locked_database_is_unavailable() {
    let error = failure("BEGIN IMMEDIATE", "", "INSERT INTO t VALUES (NULL)");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[test]
fn a_full_disk_is_unavailable() {
    let fill = "CREATE TABLE full (b BLOB); INSERT INTO full VALUES (zeroblob(1000000))";
    let error = failure("", "PRAGMA max_page_count = 10", fill);
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[test]
fn a_database_that_cannot_be_written_is_unavailable() {
    let error = failure("", "PRAGMA query_only = ON", "INSERT INTO t VALUES (NULL)");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[test]
fn a_row_that_breaks_a_rule_of_its_table_is_inconsistent() {
    let error = failure("", "", "INSERT INTO t VALUES (10)");
    assert!(matches!(error, StoreError::Inconsistent { .. }), "{error:?}");
}

#[test]
fn a_row_that_names_another_that_is_not_there_is_inconsistent() {
    let error = failure("", "PRAGMA foreign_keys = ON", "INSERT INTO child VALUES (4)");
    assert!(matches!(error, StoreError::Inconsistent { .. }), "{error:?}");
}

#[test]
fn a_statement_that_is_wrong_is_the_backends_failure() {
    let error = failure("", "", "INSERT INTO nowhere VALUES (1)");
    assert!(matches!(error, StoreError::Backend(_)), "{error:?}");
}
