//! Devices that take push messages.
//!
//! A device and the sessions on it end together. A session is on the device that it named when it was opened, and on
//! each device that was last registered with an access token of that session. When a session is ended, the devices go
//! that no other live session of the person is on; when the owner removes a device or its token moves to another
//! person, the sessions on it are ended. A session that only expires, and a device that its push service forgot, end
//! nothing else.

mod model;
mod port;
mod push_token;
mod register_device;
mod remove_device;

pub use model::{Device, DeviceLoss, Platform, PushLoss};
pub use port::{DeviceRemoval, DeviceStore, RegisterOutcome, RegistrationEvents};
pub use push_token::{InvalidPushToken, PushToken};
pub use register_device::{AppVersion, DeviceName, NewDevice, RegisterDeviceError, Registered};
pub(crate) use remove_device::forget;

#[cfg(feature = "mock")]
pub use port::MockDeviceStore;

use std::sync::Arc;

use crate::verification::Fingerprinter;
use crate::{Clock, Entropy, StoreError, UserId};

/// Registering, listing and removing a person's devices.
pub struct DeviceService {
    /// Where they are kept.
    pub devices: Arc<dyn DeviceStore>,
    /// Tells one push token from another.
    pub fingerprinter: Arc<dyn Fingerprinter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub entropy: Arc<dyn Entropy>,
}

impl DeviceService {
    /// How many devices a person may have.
    pub const MAX_PER_USER: u32 = 20;

    /// A person's devices, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, user_id: UserId) -> Result<Vec<Device>, StoreError> {
        self.devices.list(user_id).await
    }
}
