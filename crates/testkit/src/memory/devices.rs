use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceLoss, DeviceRemoval, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::{SessionId, StoreError, UserId};
use serde_json::json;

use crate::MemoryStore;

#[async_trait]
impl DeviceStore for MemoryStore {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        session: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let mut state = self.open()?;
        state.require_user(device.user_id)?;
        let live = state.live_sessions(device.user_id, device.last_seen_at);
        if session.is_some_and(|id| live.iter().all(|session| session.id != id)) {
            return Ok(RegisterOutcome::SessionEnded);
        }
        let holder = state.devices.values_mut().find(|kept| {
            kept.token_fingerprint == device.token_fingerprint || kept.destination() == device.destination()
        });
        let (former, former_owner) = match holder {
            Some(kept) if kept.user_id == device.user_id => {
                let kept = updated(kept, device);
                let mut event = events.updated.clone();
                event.details["deviceId"] = json!(kept.id);
                state.trail.push(event);
                state.registrations.extend(session.map(|session| (kept.id, session)));
                return Ok(RegisterOutcome::Updated(kept));
            }
            Some(held) => (Some(held.id), Some(held.user_id)),
            None => (None, None),
        };
        if state.devices_of(device.user_id).len() >= max as usize {
            return Ok(RegisterOutcome::LimitReached);
        }
        if let Some((id, owner)) = former.zip(former_owner) {
            let on = state.sessions_on(owner, id, device.last_seen_at);
            state.drop_device(owner, id, device.last_seen_at, DeviceLoss::Released);
            state.trail.push(AuditEvent { subject: Some(owner), ..events.released.clone() });
            state.end_by(owner, &on, &events.ending.clone().of(owner));
        }
        state.devices.insert(device.id, device.clone());
        state.registrations.extend(session.map(|session| (device.id, session)));
        state.trail.push(events.registered.clone());
        Ok(RegisterOutcome::Created(device.clone()))
    }

    async fn list(&self, user_id: UserId) -> Result<Vec<Device>, StoreError> {
        Ok(self.open()?.devices_of(user_id))
    }

    async fn remove(&self, removal: &DeviceRemoval, event: &AuditEvent) -> Result<bool, StoreError> {
        let DeviceRemoval { user_id, id, reason, at, ending, spared, unless_seen_after } = removal;
        let mut state = self.open()?;
        let seen_later = |device: &Device| unless_seen_after.is_some_and(|at| device.last_seen_at > at);
        if state.devices.get(id).is_none_or(|device| device.user_id != *user_id || seen_later(device)) {
            return Ok(false);
        }
        let mut on = state.sessions_on(*user_id, *id, *at);
        on.retain(|session| Some(*session) != *spared);
        state.drop_device(*user_id, *id, *at, *reason);
        state.trail.push(event.clone());
        if let Some(ending) = ending {
            state.end_by(*user_id, &on, ending);
        }
        Ok(true)
    }
}

fn updated(kept: &mut Device, given: &Device) -> Device {
    *kept = Device { id: kept.id, verified_at: kept.verified_at, created_at: kept.created_at, ..given.clone() };
    kept.clone()
}
