//! Lost atomicity: what is refused and yet written, and half a unit of work.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::directory::{DirectoryStore, UpdateOutcome, UserUpdate};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::verification::{Challenge, OpenOutcome, Quota, QuotaScope, QuotaWindow, VerificationStore};
use muster_domain::{SessionId, StoreError, UserId};
use muster_testkit::MemoryStore;

use crate::breakable::{Choices, Devices, Directory, Kept, Verification, open_anyway, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Writes first, refuses then, and takes nothing back.
    WithoutRollback;
    /// Changes the person and leaves out what follows from it.
    HalfAnUpdate;
}

#[async_trait]
impl Verification for WithoutRollback {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let outcome = self.0.open_challenge(challenge, quotas, event).await?;
        if outcome != OpenOutcome::Opened {
            open_anyway(&self.0, challenge, event).await?;
        }
        Ok(outcome)
    }
}

/// Counts against the quotas what it refuses, and takes only the challenge back.
struct KeepsCounts {
    store: MemoryStore,
    kept: Mutex<HashMap<(QuotaScope, QuotaWindow), u32>>,
}

impl KeepsCounts {
    fn new(store: MemoryStore) -> Self {
        Self { store, kept: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<(QuotaScope, QuotaWindow), u32>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept for KeepsCounts {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Verification for KeepsCounts {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let kept = |quota: &Quota| self.counts().get(&(quota.scope, quota.window)).copied().unwrap_or(0);
        let left = |quota: &Quota| Quota { max: quota.max.saturating_sub(kept(quota)), ..*quota };
        let left: Vec<Quota> = quotas.iter().map(left).collect();
        let outcome = self.store.open_challenge(challenge, &left, event).await?;
        if matches!(outcome, OpenOutcome::OverQuota { .. }) {
            for quota in quotas {
                *self.counts().entry((quota.scope, quota.window)).or_default() += 1;
            }
        }
        Ok(outcome)
    }
}

#[async_trait]
impl Choices for WithoutRollback {
    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let version = self.0.load(user_id).await?.map_or(0, |stored| stored.version);
        self.0.replace(user_id, version, document, event).await?;
        Ok(version == expected)
    }
}

#[async_trait]
impl Devices for WithoutRollback {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        session: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let full = DeviceStore::list(&self.0, device.user_id).await?.len() >= max as usize;
        let outcome = self.0.register(device, u32::MAX, session, events).await?;
        Ok(if full { RegisterOutcome::LimitReached } else { outcome })
    }
}

#[test]
fn a_write_that_is_refused_and_not_rolled_back_is_caught() {
    let refused = "something was written";
    caught!(
        breaking!(verification, WithoutRollback),
        verification::a_challenge_is_refused_before_the_resend_after_of_the_one_before_it,
        refused
    );
    caught!(
        breaking!(verification, WithoutRollback),
        verification_quotas::as_many_challenges_are_opened_as_a_quota_allows,
        refused
    );
    caught!(
        breaking!(verification, KeepsCounts::new),
        verification_quotas::a_challenge_that_is_over_a_quota_counts_against_no_other,
        "what was refused was counted"
    );
    caught!(
        breaking!(preferences, WithoutRollback),
        preferences::nothing_is_replaced_that_is_not_at_the_expected_version,
        refused
    );
    caught!(breaking!(devices, WithoutRollback), devices::a_person_who_has_the_most_devices_gets_no_new_one, refused);
}

#[async_trait]
impl Directory for HalfAnUpdate {
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let half = UserUpdate { lost_proofs: vec![], deactivates: false, ..update.clone() };
        self.0.update_user(&half, events).await
    }
}

#[test]
fn half_a_unit_of_work_is_caught() {
    caught!(
        breaking!(directory, HalfAnUpdate),
        directory::an_update_removes_the_lost_proofs_and_cancels_their_challenges,
        "the SMS proof stays"
    );
    caught!(
        breaking!(directory, HalfAnUpdate),
        directory::an_update_ends_the_live_sessions_when_asked_to,
        "revocation"
    );
}
