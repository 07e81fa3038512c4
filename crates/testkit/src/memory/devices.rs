use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::{DeviceId, StoreError, UserId};
use serde_json::json;
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl DeviceStore for MemoryStore {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let mut state = self.open()?;
        state.require_user(device.user_id)?;
        let holder = state.devices.values_mut().find(|kept| {
            kept.token_fingerprint == device.token_fingerprint || kept.destination() == device.destination()
        });
        let (former, former_owner) = match holder {
            Some(kept) if kept.user_id == device.user_id => {
                let kept = updated(kept, device);
                let mut event = events.updated.clone();
                event.details["deviceId"] = json!(kept.id);
                state.trail.push(event);
                return Ok(RegisterOutcome::Updated(kept));
            }
            Some(held) => (Some(held.id), Some(held.user_id)),
            None => (None, None),
        };
        if state.devices_of(device.user_id).len() >= max as usize {
            return Ok(RegisterOutcome::LimitReached);
        }
        if let Some((id, owner)) = former.zip(former_owner) {
            state.drop_device(owner, id, device.last_seen_at);
            state.trail.push(AuditEvent { subject: Some(owner), ..events.released.clone() });
        }
        state.devices.insert(device.id, device.clone());
        state.trail.push(events.registered.clone());
        Ok(RegisterOutcome::Created(device.clone()))
    }

    async fn list(&self, user_id: UserId) -> Result<Vec<Device>, StoreError> {
        Ok(self.open()?.devices_of(user_id))
    }

    async fn remove(
        &self,
        user_id: UserId,
        id: DeviceId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.devices.get(&id).is_none_or(|device| device.user_id != user_id) {
            return Ok(false);
        }
        state.drop_device(user_id, id, at);
        state.trail.push(event.clone());
        Ok(true)
    }
}

impl State {
    pub(super) fn drop_device(&mut self, owner: UserId, id: DeviceId, at: OffsetDateTime) {
        self.devices.remove(&id);
        self.cancel_challenge_of_device(owner, id, at);
        for session in self.sessions.values_mut().filter(|session| session.device_id == Some(id)) {
            session.device_id = None;
        }
    }
}

fn updated(kept: &mut Device, given: &Device) -> Device {
    *kept = Device { id: kept.id, verified_at: kept.verified_at, created_at: kept.created_at, ..given.clone() };
    kept.clone()
}
