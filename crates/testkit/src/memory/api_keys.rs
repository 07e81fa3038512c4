use async_trait::async_trait;
use muster_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyStore, KeyRotation, RotateKeyOutcome};
use muster_domain::audit::AuditEvent;
use muster_domain::{ApiKeyId, StoreError};
use time::OffsetDateTime;

use crate::MemoryStore;

#[async_trait]
impl ApiKeyStore for MemoryStore {
    async fn insert(&self, key: &ApiKey, hash: &ApiKeyHash, event: &AuditEvent) -> Result<(), StoreError> {
        let mut state = self.open()?;
        state.api_keys.insert(key.id, (key.clone(), *hash));
        state.trail.push(event.clone());
        Ok(())
    }

    async fn list(&self) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.open()?;
        let mut keys: Vec<ApiKey> = state.api_keys.values().map(|(key, _)| key.clone()).collect();
        keys.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
        Ok(keys)
    }

    async fn find(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let state = self.open()?;
        let found = state.api_keys.values().find(|(_, of)| of == hash);
        Ok(found.map(|(key, _)| key.clone()))
    }

    async fn touch(&self, id: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if let Some((key, _)) = state.api_keys.get_mut(&id) {
            key.last_used_at = key.last_used_at.max(Some(at));
        }
        Ok(())
    }

    async fn revoke(&self, id: ApiKeyId, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some((key, _)) = state.api_keys.get_mut(&id).filter(|(key, _)| key.revoked_at.is_none()) else {
            return Ok(false);
        };
        key.revoked_at = Some(at);
        state.trail.push(event.clone());
        Ok(true)
    }

    async fn rotate(&self, rotation: &KeyRotation, event: &AuditEvent) -> Result<RotateKeyOutcome, StoreError> {
        let mut state = self.open()?;
        let Some((old, _)) = state.api_keys.get_mut(&rotation.old).filter(|(key, _)| key.is_live(rotation.at)) else {
            return Ok(RotateKeyOutcome::NotLive);
        };
        old.expires_at = Some(old.expires_at.map_or(rotation.old_until, |end| end.min(rotation.old_until)));
        let new = ApiKey { name: old.name.clone(), scopes: old.scopes.clone(), ..rotation.new.clone() };
        state.api_keys.insert(new.id, (new.clone(), rotation.hash));
        state.trail.push(event.clone());
        Ok(RotateKeyOutcome::Rotated(new))
    }
}
