//! Lost atomicity: what is refused and yet written, and half a unit of work.

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::directory::{DirectoryStore, UpdateOutcome, UserUpdate};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::verification::{Challenge, OpenOutcome, VerificationStore};
use muster_domain::{StoreError, UserId};
use time::OffsetDateTime;

use crate::breakable::{Choices, Devices, Directory, Verification, over_memory, whenever};
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
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let before = self.0.find_challenge(challenge.user_id, challenge.method).await?;
        self.0.open_challenge(challenge, whenever(challenge), event).await?;
        let too_soon = before.filter(|before| before.opened_at > cutoff);
        Ok(too_soon.map_or(OpenOutcome::Opened, |before| OpenOutcome::TooSoon { opened_at: before.opened_at }))
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
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let full = DeviceStore::list(&self.0, device.user_id).await?.len() >= max as usize;
        let outcome = self.0.register(device, u32::MAX, events).await?;
        Ok(if full { RegisterOutcome::LimitReached } else { outcome })
    }
}

#[test]
fn a_write_that_is_refused_and_not_rolled_back_is_caught() {
    let refused = "something was written";
    caught!(
        breaking!(verification, WithoutRollback),
        verification::a_challenge_is_refused_when_the_one_before_it_was_opened_after_the_cutoff,
        refused
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
        let half = UserUpdate { lost_proofs: vec![], end_sessions: false, ..update.clone() };
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
