//! Missing limits: on attempts, on a code's life, on how often one is sent, on devices.

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::verification::{Challenge, OpenOutcome, VerificationStore};
use muster_domain::{ChallengeId, StoreError};
use time::OffsetDateTime;

use crate::breakable::{Devices, Verification, over_memory, whenever};
use crate::records::record;
use crate::{breaking, caught};

over_memory! {
    /// Counts wrong codes for ever.
    EndlessAttempts;
    /// Takes codes of any age.
    EndlessCodes;
    /// Sends codes as often as anybody likes.
    NoCooldown;
    /// Registers any number of devices.
    EndlessDevices;
}

#[async_trait]
impl Verification for EndlessAttempts {
    async fn spend_attempt(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<Option<u8>, StoreError> {
        let counted = self.0.spend_attempt(id, at, event).await?;
        if counted.is_none() {
            record(&self.0, event).await?;
        }
        Ok(counted.or(Some(Challenge::MAX_ATTEMPTS + 1)))
    }
}

#[async_trait]
impl Verification for EndlessCodes {
    async fn complete_challenge(
        &self,
        id: ChallengeId,
        _: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.0.complete_challenge(id, OffsetDateTime::UNIX_EPOCH, event).await
    }
}

#[async_trait]
impl Verification for NoCooldown {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        _: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        self.0.open_challenge(challenge, whenever(challenge), event).await
    }
}

#[async_trait]
impl Devices for EndlessDevices {
    async fn register(
        &self,
        device: &Device,
        _: u32,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        DeviceStore::register(&self.0, device, u32::MAX, events).await
    }
}

#[test]
fn a_missing_limit_is_caught() {
    caught!(
        breaking!(verification, EndlessAttempts),
        verification::no_wrong_code_is_counted_past_the_limit,
        "a wrong code past the limit was counted"
    );
    caught!(
        breaking!(verification, EndlessAttempts),
        verification::however_many_wrong_codes_come_at_once_none_gets_past_the_limit,
        "a wrong code got past the limit"
    );
    caught!(
        breaking!(verification, EndlessCodes),
        verification_proofs::no_challenge_is_completed_at_or_after_its_expiry,
        "a challenge was completed that must not be"
    );
    caught!(
        breaking!(verification, NoCooldown),
        verification::a_challenge_is_refused_when_the_one_before_it_was_opened_after_the_cutoff,
        "a challenge was opened before the wait was over"
    );
    caught!(
        breaking!(devices, EndlessDevices),
        devices::a_person_who_has_the_most_devices_gets_no_new_one,
        "a device past the most was registered"
    );
}
