use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::preferences::{PreferenceStore, Preferences, StoredPreferences};
use muster_domain::{StoreError, UserId};

use crate::MemoryStore;

#[async_trait]
impl PreferenceStore for MemoryStore {
    async fn load(&self, user_id: UserId) -> Result<Option<StoredPreferences>, StoreError> {
        Ok(self.open()?.preferences.get(&user_id).cloned())
    }

    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        state.require_user(user_id)?;
        if state.preferences.get(&user_id).map_or(0, |stored| stored.version) != expected {
            return Ok(false);
        }
        let stored = StoredPreferences { version: expected + 1, document: document.clone() };
        state.preferences.insert(user_id, stored);
        state.trail.push(event.clone());
        Ok(true)
    }
}
