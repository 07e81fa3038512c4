use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::device::DeviceService;
use crate::{DeviceId, StoreError, UserId};

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
