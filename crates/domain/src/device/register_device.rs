use crate::audit::{AuditChange, AuditEvent, Origin, RevokeReason};
use crate::device::{
    Device, DeviceService, InvalidPushToken, Platform, PushToken, RegisterOutcome, RegistrationEvents,
};
use crate::session::Ending;
use crate::verification::Method;
use crate::{DeviceId, SessionId, StoreError, Text, UserId};

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
    /// The session whose access token was presented is over.
    #[error("the session of the credential is over")]
    SessionEnded,
    /// The store failed.
    #[error("could not register the device")]
    Store(#[from] StoreError),
}

impl DeviceService {
    /// Registers a device, or updates the one with the same token. A token that another person holds moves to the
    /// caller, unproven, that person's sessions on it end, and both sides are recorded. When the caller's credential
    /// belongs to a session, `presented`, that one must be live, and is on the device from now on.
    ///
    /// # Errors
    /// See [`RegisterDeviceError`].
    pub async fn register(
        &self,
        user_id: UserId,
        presented: Option<SessionId>,
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
            ending: Ending::new(RevokeReason::DeviceReleased, None, now, &*self.entropy, origin),
        };
        match self.devices.register(&device, Self::MAX_PER_USER, presented, &events).await? {
            RegisterOutcome::Created(device) => Ok(Registered { device, created: true }),
            RegisterOutcome::Updated(device) => Ok(Registered { device, created: false }),
            RegisterOutcome::LimitReached => Err(RegisterDeviceError::LimitReached),
            RegisterOutcome::SessionEnded => Err(RegisterDeviceError::SessionEnded),
        }
    }
}
