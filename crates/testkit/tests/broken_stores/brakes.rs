//! Stores whose brakes let more people be deactivated than they may, or count whom they must not.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{Brake, DirectoryStore, InsertOutcome, UpdateOutcome, UserRemoval, UserUpdate};
use muster_domain::user::User;
use muster_testkit::MemoryStore;
use time::OffsetDateTime;

use crate::breakable::{Directory, Kept, over_memory};
use crate::records::record;
use crate::{breaking, caught};

over_memory! {
    /// Counts whomever a client ever deactivated.
    NeverForgets;
    /// Holds deactivations to the brake and removals to nothing.
    RemovesFreely;
    /// Records each refusal.
    RecordsEach;
    /// Takes everybody for somebody who was always there.
    CountsNewcomers;
}

/// Reads how many got through and then lets one more through without a condition. The first waits until somebody else
/// has read.
struct LooksBeforeItLeaps {
    store: MemoryStore,
    looks: AtomicUsize,
    passed: AtomicU32,
}

impl LooksBeforeItLeaps {
    fn new(store: MemoryStore) -> Self {
        Self { store, looks: AtomicUsize::new(0), passed: AtomicU32::new(0) }
    }

    async fn passes(&self, brake: Option<&Brake>) -> bool {
        let passed = self.passed.load(Ordering::SeqCst);
        if brake.is_some_and(|brake| passed >= brake.policy.free) {
            return false;
        }
        self.looks.fetch_add(1, Ordering::SeqCst);
        while self.looks.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        self.passed.store(passed + 1, Ordering::SeqCst);
        true
    }
}

impl Kept for LooksBeforeItLeaps {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Directory for LooksBeforeItLeaps {
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        if !self.passes(update.brake.as_ref()).await {
            return Ok(UpdateOutcome::Braked);
        }
        self.store.update_user(&UserUpdate { brake: None, ..update.clone() }, events).await
    }

    async fn remove_user(&self, removal: &UserRemoval, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        if !self.passes(removal.brake.as_ref()).await {
            return Ok(UpdateOutcome::Braked);
        }
        self.store.remove_user(&UserRemoval { brake: None, ..removal.clone() }, events).await
    }
}

#[async_trait]
impl Directory for NeverForgets {
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let mut update = update.clone();
        if let Some(brake) = &mut update.brake {
            brake.since = OffsetDateTime::UNIX_EPOCH;
        }
        self.0.update_user(&update, events).await
    }
}

#[async_trait]
impl Directory for RemovesFreely {
    async fn remove_user(&self, removal: &UserRemoval, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        self.0.remove_user(&UserRemoval { brake: None, ..removal.clone() }, events).await
    }
}

#[async_trait]
impl Directory for RecordsEach {
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let outcome = self.0.update_user(update, events).await?;
        if let Some(brake) = update.brake.as_ref().filter(|_| outcome == UpdateOutcome::Braked) {
            record(&self.0, &brake.refused).await?;
        }
        Ok(outcome)
    }
}

#[async_trait]
impl Directory for CountsNewcomers {
    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        self.0.insert_user(&User { created_at: OffsetDateTime::UNIX_EPOCH, ..user.clone() }, event).await
    }
}

#[test]
fn a_share_that_newcomers_add_to_is_caught() {
    caught!(
        breaking!(directory, CountsNewcomers),
        brakes::who_came_within_the_time_adds_nothing_to_the_share,
        "who was added first made room"
    );
}

#[test]
fn a_brake_that_is_read_and_then_written_is_caught() {
    caught!(
        breaking!(directory, LooksBeforeItLeaps::new),
        brakes::however_many_are_deactivated_at_once_no_more_than_allowed_get_through,
        "not as many got through as may"
    );
}

#[test]
fn a_brake_that_counts_for_ever_is_caught() {
    caught!(
        breaking!(directory, NeverForgets),
        brakes::what_was_done_by_then_or_before_does_not_count,
        "who was deactivated a window ago counts"
    );
}

#[test]
fn removals_that_no_brake_holds_are_caught() {
    caught!(breaking!(directory, RemovesFreely), brakes::removals_count_like_deactivations, "a removal got through");
}

#[test]
fn a_record_of_each_refusal_is_caught() {
    caught!(
        breaking!(directory, RecordsEach),
        brakes::a_brake_that_engages_is_recorded_once_and_each_refused_person_once,
        "not one record for each refused person"
    );
}
