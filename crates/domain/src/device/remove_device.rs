use time::OffsetDateTime;

use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::device::{Device, DeviceService, DeviceStore};
use crate::{DeviceId, Entropy, StoreError, UserId};

impl DeviceService {
    /// Removes one of a person's devices with its proof. `false` when they have no such device.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, user_id: UserId, id: DeviceId, origin: &Origin) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let change = AuditChange::DeviceRemoved { device_id: id };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user_id), &change);
        self.devices.remove(user_id, id, now, &event).await
    }
}

/// Removes a device that its push service knows no more, with its proof.
pub(crate) async fn forget(
    devices: &dyn DeviceStore,
    device: &Device,
    now: OffsetDateTime,
    entropy: &dyn Entropy,
    origin: &Origin,
) -> Result<(), StoreError> {
    let change = AuditChange::DeviceExpired { device_id: device.id, platform: device.platform };
    let event = AuditEvent::new(now, entropy, origin, Some(device.user_id), &change);
    devices.remove(device.user_id, device.id, now, &event).await?;
    Ok(())
}
