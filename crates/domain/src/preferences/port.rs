use async_trait::async_trait;

use crate::audit::AuditEvent;
use crate::preferences::Preferences;
use crate::{StoreError, UserId};

/// Preferences with the number that tells one state of them from another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredPreferences {
    /// Counts the changes; 0 is the defaults of someone who never chose.
    pub version: i64,
    /// The document.
    pub document: Preferences,
}

/// Keeps what people chose.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PreferenceStore: Send + Sync {
    /// What a person chose; `None` while they chose nothing.
    async fn load(&self, user_id: UserId) -> Result<Option<StoredPreferences>, StoreError>;

    /// Replaces the whole document of an existing person and writes `event`, both or neither, but only while the
    /// stored version is still `expected` (0: nothing is stored). The new version is `expected + 1`. `false`, and
    /// nothing written, when it is not: of many such calls at once with one `expected`, exactly one is `true`.
    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError>;
}
