use time::OffsetDateTime;

use crate::audit::{AuditChange, AuditEvent, Origin, RevokeReason};
use crate::device::{Device, DeviceLoss, DeviceRemoval, DeviceService, DeviceStore};
use crate::session::Ending;
use crate::{DeviceId, Entropy, SessionId, StoreError, UserId};

impl DeviceService {
    /// Removes one of a person's devices with its proof, and ends the sessions on it. The caller's own session,
    /// `presented`, goes on: an app that turns push off does not sign itself out. `false` when they have no such device.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(
        &self,
        user_id: UserId,
        presented: Option<SessionId>,
        id: DeviceId,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let reason = DeviceLoss::RemovedByOwner;
        let change = AuditChange::DeviceRemoved { device_id: id, reason };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user_id), &change);
        let ending = Ending::new(RevokeReason::DeviceRemoved, Some(user_id), now, &*self.entropy, origin);
        let (spared, unless_seen_after) = (presented, None);
        let removal = DeviceRemoval { user_id, id, reason, at: now, ending: Some(ending), spared, unless_seen_after };
        self.devices.remove(&removal, &event).await
    }
}

/// Removes a device that its push service knows no more, with its proof, unless it was registered again: after `since`,
/// when the service says since when the token is not valid, else after it was looked up for sending. Its sessions go on: a
/// phone whose push token was replaced is still signed in.
pub(crate) async fn forget(
    devices: &dyn DeviceStore,
    device: &Device,
    since: Option<OffsetDateTime>,
    now: OffsetDateTime,
    entropy: &dyn Entropy,
    origin: &Origin,
) -> Result<(), StoreError> {
    let Device { id, user_id, platform, .. } = *device;
    let change = AuditChange::DeviceExpired { device_id: id, platform };
    let event = AuditEvent::new(now, entropy, origin, Some(user_id), &change);
    let removal = DeviceRemoval {
        user_id,
        id,
        reason: DeviceLoss::Expired,
        at: now,
        ending: None,
        spared: None,
        unless_seen_after: Some(since.unwrap_or(device.last_seen_at)),
    };
    devices.remove(&removal, &event).await?;
    Ok(())
}
