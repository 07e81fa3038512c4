//! Missing limits: on attempts, on a code's life, on how often one is sent, on devices.

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::verification::{Challenge, Fingerprint, OpenOutcome, Quota, QuotaScope, Refused, VerificationStore};
use muster_domain::{ChallengeId, SessionId, StoreError};
use time::OffsetDateTime;

use crate::breakable::{Devices, Verification, open_anyway, over_memory};
use crate::records::record;
use crate::{breaking, caught};

over_memory! {
    /// Counts wrong codes for ever.
    EndlessAttempts;
    /// Takes codes of any age.
    EndlessCodes;
    /// Sends codes as often as anybody likes.
    NoCooldown;
    /// Has the usual wait, whatever a challenge says of its own.
    OneWait;
    /// Sends as many codes as anybody likes.
    NoQuotas;
    /// Keeps one count for whoever and whatever a quota is for.
    OneCount;
    /// Records every refusal of a flood.
    EveryRefusal;
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
        destination: &Fingerprint,
        _: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.0.complete_challenge(id, destination, OffsetDateTime::UNIX_EPOCH, event).await
    }
}

#[async_trait]
impl Verification for NoCooldown {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        match self.0.open_challenge(challenge, quotas, event).await? {
            OpenOutcome::TooSoon { .. } => open_anyway(&self.0, challenge, event).await,
            outcome => Ok(outcome),
        }
    }
}

#[async_trait]
impl Verification for OneWait {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let outcome = self.0.open_challenge(challenge, quotas, event).await?;
        match outcome {
            OpenOutcome::TooSoon { opened_at, .. } if challenge.opened_at - opened_at >= Challenge::COOLDOWN => {
                open_anyway(&self.0, challenge, event).await
            }
            outcome => Ok(outcome),
        }
    }
}

#[async_trait]
impl Verification for NoQuotas {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        _: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        self.0.open_challenge(challenge, &[], event).await
    }
}

#[async_trait]
impl Verification for OneCount {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let shared: Vec<Quota> =
            quotas.iter().map(|quota| Quota { scope: QuotaScope::Installation, ..*quota }).collect();
        self.0.open_challenge(challenge, &shared, event).await
    }
}

#[async_trait]
impl Verification for EveryRefusal {
    async fn record_refusal(
        &self,
        refused: &Refused,
        _: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.0.record_refusal(refused, refused.at, event).await
    }
}

#[async_trait]
impl Devices for EndlessDevices {
    async fn register(
        &self,
        device: &Device,
        _: u32,
        session: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        DeviceStore::register(&self.0, device, u32::MAX, session, events).await
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
        verification::a_challenge_is_refused_before_the_resend_after_of_the_one_before_it,
        "a challenge was opened before the wait was over"
    );
    caught!(
        breaking!(verification, OneWait),
        verification::a_challenge_is_refused_before_the_resend_after_of_the_one_before_it,
        "a challenge was opened before the wait was over"
    );
    caught!(
        breaking!(verification, NoQuotas),
        verification_quotas::as_many_challenges_are_opened_as_a_quota_allows,
        "not refused as over that quota"
    );
    caught!(
        breaking!(verification, NoQuotas),
        verification_quotas::however_many_challenges_are_opened_at_once_no_count_passes_its_max,
        "not as many were opened as the quota allows"
    );
    caught!(
        breaking!(verification, OneCount),
        verification_quotas::a_count_is_kept_for_each_scope_and_window,
        "one person's count is another's"
    );
    caught!(
        breaking!(verification, EveryRefusal),
        verification_refusals::a_refusal_is_recorded_when_the_last_record_is_from_the_cutoff_or_before,
        "a refusal was recorded too soon after the last"
    );
    caught!(
        breaking!(devices, EndlessDevices),
        devices::a_person_who_has_the_most_devices_gets_no_new_one,
        "a device past the most was registered"
    );
}
