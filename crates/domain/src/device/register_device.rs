use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::device::{
    Device, DeviceService, InvalidPushToken, Platform, PushToken, RegisterOutcome, RegistrationEvents,
};
use crate::verification::Method;
use crate::{DeviceId, StoreError, Text, UserId};

/// What its owner calls a device.
pub type DeviceName = Text<100>;
/// The version of the app on it.
pub type AppVersion = Text<50>;

/// A device as its app presents it.
#[derive(Clone)]
pub struct NewDevice {
    /// By whose push service.
    pub platform: Platform,
    /// The push service's token, or the `PushSubscription`'s JSON.
    pub token: String,
    /// What its owner calls it.
    pub name: Option<DeviceName>,
    /// The app's version.
    pub app_version: Option<AppVersion>,
}

/// A registration that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The device as it is stored.
    pub device: Device,
    /// Whether it is new to its person.
    pub created: bool,
}

/// Why a device was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterDeviceError {
    /// The token has not its platform's form.
    #[error("the push token is malformed")]
    InvalidToken(#[from] InvalidPushToken),
    /// The person has [`DeviceService::MAX_PER_USER`] devices.
    #[error("no more devices can be registered")]
    LimitReached,
    /// The store failed.
    #[error("could not register the device")]
    Store(#[from] StoreError),
}

impl DeviceService {
    /// Registers a device, or updates the one with the same token. A token that another person holds moves to the
    /// caller, unproven, and both sides are recorded.
    ///
    /// # Errors
    /// See [`RegisterDeviceError`].
    pub async fn register(
        &self,
        user_id: UserId,
        new: NewDevice,
        origin: &Origin,
    ) -> Result<Registered, RegisterDeviceError> {
        let now = self.clock.now();
        let token = PushToken::parse(new.platform, &new.token)?;
        let id = DeviceId::new(now, &*self.entropy);
        let platform = new.platform;
        let device = Device {
            id,
            user_id,
            platform,
            token_fingerprint: self.fingerprinter.fingerprint(Method::Push, &Device::destination_of(platform, &token)),
            token,
            name: new.name.map(String::from),
            app_version: new.app_version.map(String::from),
            verified_at: None,
            created_at: now,
            last_seen_at: now,
        };
        let event = |subject, change| AuditEvent::new(now, &*self.entropy, origin, subject, &change);
        let events = RegistrationEvents {
            registered: event(Some(user_id), AuditChange::DeviceRegistered { device_id: id, platform }),
            updated: event(Some(user_id), AuditChange::DeviceUpdated { device_id: id, platform }),
            released: event(None, AuditChange::DeviceReleased { platform }),
        };
        match self.devices.register(&device, Self::MAX_PER_USER, &events).await? {
            RegisterOutcome::Created(device) => Ok(Registered { device, created: true }),
            RegisterOutcome::Updated(device) => Ok(Registered { device, created: false }),
            RegisterOutcome::LimitReached => Err(RegisterDeviceError::LimitReached),
        }
    }
}
