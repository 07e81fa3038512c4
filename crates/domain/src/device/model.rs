use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::audit::RevokeReason;
use crate::device::PushToken;
use crate::verification::Fingerprint;
use crate::{DeviceId, UserId};

/// Whose push service carries messages to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Platform {
    /// Apple's.
    Ios,
    /// Google's.
    Android,
    /// The browser vendor's, by Web Push.
    Web,
}

impl Platform {
    /// `ios`, `android` or `web`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }

    /// The platform of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ios, Self::Android, Self::Web].into_iter().find(|platform| platform.as_str() == name)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A device of a person's that takes push messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub user_id: UserId,
    /// By whose push service.
    pub platform: Platform,
    /// The address that the push service gave the app.
    pub token: PushToken,
    /// The fingerprint of [`Device::destination`]; one device at most has it.
    pub token_fingerprint: Fingerprint,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The app's version on it.
    pub app_version: Option<String>,
    /// Since when a code that went to it is known to have arrived.
    pub verified_at: Option<OffsetDateTime>,
    /// When it was first registered by this person.
    pub created_at: OffsetDateTime,
    /// When it last registered.
    pub last_seen_at: OffsetDateTime,
}

/// Why a device is a person's no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceLoss {
    /// Its owner removed it.
    RemovedByOwner,
    /// Its token belongs to another person now.
    Released,
    /// Its push service does not know it any more, or no app registered it for long.
    Expired,
    /// The last live session on it was ended, for that reason.
    SessionEnded(RevokeReason),
}

impl DeviceLoss {
    const ALL: [Self; 11] = [
        Self::RemovedByOwner,
        Self::Released,
        Self::Expired,
        Self::SessionEnded(RevokeReason::SignedOut),
        Self::SessionEnded(RevokeReason::RevokedByOwner),
        Self::SessionEnded(RevokeReason::RevokedByOperator),
        Self::SessionEnded(RevokeReason::Replayed),
        Self::SessionEnded(RevokeReason::Deactivated),
        Self::SessionEnded(RevokeReason::TooMany),
        Self::SessionEnded(RevokeReason::DeviceRemoved),
        Self::SessionEnded(RevokeReason::DeviceReleased),
    ];

    /// The name that is stored and shown; of an ended session its reason's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RemovedByOwner => "removedByOwner",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::SessionEnded(reason) => reason.as_str(),
        }
    }

    /// The loss of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|loss| loss.as_str() == name)
    }
}

/// That a person lost a device that was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushLoss {
    /// Why.
    pub reason: DeviceLoss,
    /// When.
    pub at: OffsetDateTime,
}

impl Device {
    /// What its fingerprint is made of: the platform and the token, since a token proven through one push service is not
    /// proven through another.
    #[must_use]
    pub fn destination(&self) -> String {
        Self::destination_of(self.platform, &self.token)
    }

    /// [`Device::destination`] of a device that is not registered yet.
    #[must_use]
    pub fn destination_of(platform: Platform, token: &PushToken) -> String {
        format!("{platform}:{}", token.expose())
    }
}

impl TryFrom<String> for Platform {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or("must be ios, android or web")
    }
}
