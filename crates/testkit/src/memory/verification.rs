use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::verification::{
    Challenge, ChallengeState, Closure, Delivery, Fingerprint, Method, OpenOutcome, Proof, Quota, Refused,
    VerificationStore,
};
use muster_domain::{ChallengeId, DeviceId, StoreError, UserId};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl VerificationStore for MemoryStore {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let mut state = self.open()?;
        if state.active_user(challenge.user_id).is_none() {
            return Ok(OpenOutcome::NoUser);
        }
        let is_owned = |id| state.devices.get(&id).is_some_and(|device| device.user_id == challenge.user_id);
        if challenge.device_id.is_some_and(|id| !is_owned(id)) {
            return Ok(OpenOutcome::NoDevice);
        }
        let key = (challenge.user_id, challenge.method);
        let before = state.challenges.get(&key);
        if let Some(before) = before.filter(|before| before.resend_after > challenge.opened_at) {
            return Ok(OpenOutcome::TooSoon { opened_at: before.opened_at, resend_after: before.resend_after });
        }
        let replaced = before.map(|before| before.id);
        if let Some(over_quota) = state.over_quota(quotas, challenge.opened_at) {
            return Ok(over_quota);
        }
        state.count(quotas, challenge.opened_at);
        if let Some(replaced) = replaced {
            state.deliveries.remove(&replaced);
        }
        state.challenges.insert(key, challenge.clone());
        state.trail.push(event.clone());
        Ok(OpenOutcome::Opened)
    }

    async fn record_refusal(
        &self,
        refused: &Refused,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        state.require_user(refused.user_id)?;
        let noted = state.note_refusal(refused, cutoff);
        if noted {
            state.trail.push(event.clone());
        }
        Ok(noted)
    }

    async fn record_delivery(
        &self,
        id: ChallengeId,
        delivery: &Delivery,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.challenge_mut(id).is_some() {
            state.deliveries.insert(id, delivery.clone());
        }
        state.trail.push(event.clone());
        Ok(())
    }

    async fn find_challenge(&self, user_id: UserId, method: Method) -> Result<Option<Challenge>, StoreError> {
        Ok(self.open()?.challenges.get(&(user_id, method)).cloned())
    }

    async fn spend_attempt(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<Option<u8>, StoreError> {
        let mut state = self.open()?;
        let Some(challenge) = state.challenge_mut(id).filter(|challenge| is_live(challenge, at)) else {
            return Ok(None);
        };
        challenge.failed_attempts += 1;
        let failed = challenge.failed_attempts;
        state.trail.push(event.clone());
        Ok(Some(failed))
    }

    async fn complete_challenge(
        &self,
        id: ChallengeId,
        destination: &Fingerprint,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(challenge) = state.challenge_mut(id).filter(|challenge| is_live(challenge, at)).cloned() else {
            return Ok(false);
        };
        if state.current_fingerprint(&challenge) != Some(*destination) {
            return Ok(false);
        }
        let Challenge { user_id, method, device_id, .. } = challenge;
        let fingerprint = *destination;
        match device_id.and_then(|id| state.devices.get_mut(&id)) {
            Some(device) => device.verified_at = Some(at),
            None => drop(state.proofs.insert((user_id, method), Proof { method, fingerprint, verified_at: at })),
        }
        if let Some(challenge) = state.challenge_mut(id) {
            challenge.closure = Some(Closure::Completed { at });
        }
        state.trail.push(event.clone());
        Ok(true)
    }
}

impl State {
    fn challenge_mut(&mut self, id: ChallengeId) -> Option<&mut Challenge> {
        self.challenges.values_mut().find(|challenge| challenge.id == id)
    }

    /// The fingerprint that a challenge's destination has now, while there is such a destination.
    fn current_fingerprint(&self, challenge: &Challenge) -> Option<Fingerprint> {
        let user = self.users.get(&challenge.user_id)?;
        match challenge.method {
            Method::Email => user.email_fingerprint,
            Method::Sms => user.phone_fingerprint,
            Method::Push => Some(self.devices.get(&challenge.device_id?)?.token_fingerprint),
        }
    }

    pub(super) fn cancel_challenge(&mut self, user_id: UserId, method: Method, at: OffsetDateTime) {
        if let Some(challenge) = self.challenges.get_mut(&(user_id, method)) {
            challenge.closure.get_or_insert(Closure::Cancelled { at });
        }
    }

    /// What becomes of a challenge when the device that it was sent to goes.
    pub(super) fn cancel_challenge_of_device(&mut self, user_id: UserId, device: DeviceId, at: OffsetDateTime) {
        if let Some(challenge) = self.challenges.get_mut(&(user_id, Method::Push))
            && challenge.device_id == Some(device)
        {
            challenge.device_id = None;
            challenge.closure.get_or_insert(Closure::Cancelled { at });
        }
    }
}

fn is_live(challenge: &Challenge, at: OffsetDateTime) -> bool {
    matches!(challenge.state(at), ChallengeState::Live { .. })
}
