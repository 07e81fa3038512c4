//! Devices that take push messages.

mod model;
mod port;
mod push_token;
mod register_device;
mod remove_device;

pub use model::{Device, Platform};
pub use port::{DeviceStore, RegisterOutcome, RegistrationEvents};
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
