//! Stores that give one notice to two servers, or lose one.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::notice::{Due, Notice, NoticeStore};
use muster_domain::{NoticeId, StoreError};
use muster_testkit::MemoryStore;

use crate::breakable::{Kept, Notices, over_memory};
use crate::records::record;
use crate::{breaking, caught};

over_memory! {
    /// Claims for no time at all.
    NoLease;
    /// Does not count attempts.
    Uncounted;
    /// Writes the records of a notice that is gone.
    WritesAnyway;
    /// Takes the one that is due last first.
    LatestFirst;
}

/// Reads what is due and marks it as taken afterwards: whoever comes in between has the same.
struct ReadsThenMarks {
    store: MemoryStore,
    read: Mutex<Vec<Notice>>,
}

impl ReadsThenMarks {
    fn new(store: MemoryStore) -> Self {
        Self { store, read: Mutex::default() }
    }

    /// What was read before and is not marked yet; it is now.
    fn unmarked(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept for ReadsThenMarks {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Notices for ReadsThenMarks {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        let unmarked = self.unmarked();
        if !unmarked.is_empty() {
            return Ok(unmarked);
        }
        let claimed = self.store.claim(due).await?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&claimed);
        Ok(claimed)
    }
}

#[async_trait]
impl Notices for NoLease {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        self.0.claim(Due { again_at: due.now, ..due }).await
    }
}

#[async_trait]
impl Notices for Uncounted {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        let claimed = self.0.claim(due).await?.into_iter();
        Ok(claimed.map(|notice| Notice { attempts: notice.attempts - 1, ..notice }).collect())
    }
}

#[async_trait]
impl Notices for WritesAnyway {
    async fn finish(&self, id: NoticeId, events: &[AuditEvent]) -> Result<(), StoreError> {
        self.0.finish(id, &[]).await?;
        for event in events {
            record(&self.0, event).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Notices for LatestFirst {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        let mut claimed = self.0.claim(due).await?;
        claimed.reverse();
        Ok(claimed)
    }
}

#[test]
fn a_claim_that_two_take_is_caught() {
    caught!(
        breaking!(notices, ReadsThenMarks::new),
        notices::of_any_number_of_claims_at_once_no_two_take_the_same,
        "not each notice was taken once"
    );
    caught!(
        breaking!(notices, ReadsThenMarks::new),
        notices::a_lease_that_is_taken_over_at_once_is_taken_by_one,
        "not exactly one took it"
    );
}

#[test]
fn a_claim_without_a_lease_is_caught() {
    caught!(
        breaking!(notices, NoLease),
        notices::a_claimed_notice_is_due_again_when_its_lease_ends,
        "a claimed notice was claimed again"
    );
}

#[test]
fn attempts_that_nobody_counts_are_caught() {
    caught!(
        breaking!(notices, Uncounted),
        notices::a_claimed_notice_is_due_again_when_its_lease_ends,
        "not one more attempt"
    );
}

#[test]
fn a_notice_that_is_finished_twice_is_caught() {
    caught!(
        breaking!(notices, WritesAnyway),
        notices::of_many_servers_that_finish_one_notice_at_once_one_writes,
        "one notice was finished more than once"
    );
    caught!(breaking!(notices, WritesAnyway), notices::a_notice_that_is_gone_writes_nothing, "something was written");
}

#[test]
fn notices_that_come_in_no_order_are_caught() {
    caught!(
        breaking!(notices, LatestFirst),
        notices::the_longest_due_are_taken_first_and_no_more_than_the_limit,
        "not the longest due, or not in that order"
    );
}
