use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

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
