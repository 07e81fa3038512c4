use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use muster_domain::StoreError;

use super::{runtime, store};
use crate::error::DbError;

fn failure(kind: DatabaseErrorKind, message: &str) -> DbError {
    DbError::Query(DieselError::DatabaseError(kind, Box::new(message.to_owned())))
}

/// How often a unit of work that always fails like that runs, as one that reads and as one that writes.
fn runs(fail: impl Fn() -> DbError + Clone + Send + 'static) -> (usize, usize) {
    let runtime = runtime();
    runtime.block_on(async {
        let (store, _folder) = store(runtime.handle()).await;
        let counts = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
        let unit = |count: &Arc<AtomicUsize>| {
            let (count, fail) = (count.clone(), fail.clone());
            move |_| async move {
                count.fetch_add(1, Ordering::Relaxed);
                Err::<(), _>(fail())
            }
        };
        let (read, written) = (store.reading(unit(&counts[0])).await, store.detached(unit(&counts[1])).await);
        assert!(matches!((read, written), (Err(StoreError::Unavailable(_)), Err(StoreError::Unavailable(_)))));
        (counts[0].load(Ordering::Relaxed), counts[1].load(Ordering::Relaxed))
    })
}

#[test]
fn what_was_undone_for_the_sake_of_another_is_done_again_three_times() {
    let serialization = || failure(DatabaseErrorKind::SerializationFailure, "40001: could not serialize access");
    assert_eq!(runs(serialization), (4, 4));
    assert_eq!(runs(|| failure(DatabaseErrorKind::Unknown, "40P01: Verklemmung entdeckt")), (4, 4));
}

#[test]
fn what_the_connection_had_prepared_no_longer_is_done_again_three_times() {
    let gone = || failure(DatabaseErrorKind::Unknown, "26000: prepared statement \"s7\" does not exist");
    assert_eq!(runs(gone), (4, 4));
}

#[test]
fn only_a_read_is_done_again_when_the_connection_broke_and_once() {
    assert_eq!(runs(|| failure(DatabaseErrorKind::UnableToSendCommand, "connection closed")), (2, 1));
    for lost in
        ["57P01: Verbindung wird abgebrochen aufgrund von Anweisung des Administrators", "08P01: server conn crashed?"]
    {
        assert_eq!(runs(|| failure(DatabaseErrorKind::Unknown, lost)), (2, 1));
    }
}

#[test]
fn what_took_too_long_is_not_done_again() {
    let slow = || failure(DatabaseErrorKind::Unknown, "57014: storniere Anfrage wegen Zeitüberschreitung der Anfrage");
    assert_eq!(runs(slow), (1, 1));
}
