//! What a person wants to be told, and how. Critical alerts can never be silenced.

mod document;
mod port;
mod replace_preferences;

pub use document::{Channels, ClockTime, Preferences, QuietHours, Rules, Severity, Step, TimeZone, Weekday};
pub use port::{PreferenceStore, StoredPreferences};
pub use replace_preferences::{Precondition, ReplacePreferencesError};

#[cfg(feature = "mock")]
pub use port::MockPreferenceStore;

use std::sync::Arc;

use crate::verification::ChannelSet;
use crate::{Clock, Entropy, StoreError, UserId};

/// Reading and replacing a person's notification preferences.
pub struct PreferenceService {
    /// Where they are kept.
    pub preferences: Arc<dyn PreferenceStore>,
    /// The channels that are on; a critical alert needs one of them.
    pub channels: ChannelSet,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the ids of audit records.
    pub entropy: Arc<dyn Entropy>,
}

impl PreferenceService {
    /// What a person chose, or the defaults (version 0) while they chose nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(&self, user_id: UserId) -> Result<StoredPreferences, StoreError> {
        Ok(self.preferences.load(user_id).await?.unwrap_or_default())
    }
}
