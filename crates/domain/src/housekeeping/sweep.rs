use time::Duration;

use super::{HousekeepingService, Stale};
use crate::StoreError;
use crate::audit::{AuditChange, AuditEvent, Origin};

/// How many were removed of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows that were kept for a while, by [`Stale::as_str`].
    pub stale: Vec<(Stale, u64)>,
    /// Devices that were not seen for long.
    pub devices: u64,
}

impl HousekeepingService {
    /// How many are removed in one transaction.
    pub const BATCH: u16 = 500;
    /// How many batches of one kind a sweep takes at the most, so that a first sweep of an old store is no storm.
    pub const MOST_BATCHES: u16 = 40;
    /// After how long a device that was never proven, or whose proof is gone, is removed when no app registers it again.
    pub const UNPROVEN_DEVICES: Duration = Duration::days(90);
    /// The same for one that is proven. Apps register their device at each start: who did not start theirs for a year
    /// is not woken by it, and should not count as ready.
    pub const PROVEN_DEVICES: Duration = Duration::days(365);

    /// Removes what has served its time. Any number of servers may do it at once.
    ///
    /// # Errors
    /// When the store fails; what was removed by then stays removed.
    pub async fn sweep(&self, origin: &Origin) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        for what in Stale::ALL {
            let before = self.clock.now() - what.kept_for();
            let mut removed = 0;
            for _ in 0..Self::MOST_BATCHES {
                let batch = self.store.purge(what, before, Self::BATCH).await?;
                removed += batch;
                if batch < u64::from(Self::BATCH) {
                    break;
                }
            }
            swept.stale.push((what, removed));
        }
        swept.devices = self.expire_devices(origin).await?;
        Ok(swept)
    }

    /// One batch: what is left waits for the next sweep.
    async fn expire_devices(&self, origin: &Origin) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let old =
            self.store.old_devices(now - Self::UNPROVEN_DEVICES, now - Self::PROVEN_DEVICES, now, Self::BATCH).await?;
        let mut expired = 0;
        for device in old {
            let change = AuditChange::DeviceExpired { device_id: device.id, platform: device.platform };
            let event = AuditEvent::new(now, &*self.entropy, origin, Some(device.user_id), &change);
            expired += u64::from(self.store.expire_device(&device, now, &event).await?);
        }
        Ok(expired)
    }
}
