//! Rotations that leave the old key alone, let it live too long or come too late, and uses that go back in time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyStore, KeyRotation, RotateKeyOutcome};
use muster_domain::audit::AuditEvent;
use muster_domain::{ApiKeyId, StoreError};
use muster_testkit::MemoryStore;
use time::{Duration, OffsetDateTime};

use crate::breakable::{Kept, Keys, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Adds the new key and leaves the old one alone.
    HalfARotation;
    /// Forgets that a key has an end, so that a rotation keeps none.
    LongerLife;
    /// Rotates a key that has just expired.
    OneMoreInstant;
}

#[async_trait]
impl Keys for HalfARotation {
    async fn rotate(&self, rotation: &KeyRotation, event: &AuditEvent) -> Result<RotateKeyOutcome, StoreError> {
        let keys = ApiKeyStore::list(&self.0).await?;
        let Some(old) = keys.into_iter().find(|key| key.id == rotation.old && key.is_live(rotation.at)) else {
            return Ok(RotateKeyOutcome::NotLive);
        };
        let new = ApiKey { name: old.name, scopes: old.scopes, ..rotation.new.clone() };
        self.0.insert(&new, &rotation.hash, event).await?;
        Ok(RotateKeyOutcome::Rotated(new))
    }
}

#[async_trait]
impl Keys for LongerLife {
    async fn insert(&self, key: &ApiKey, hash: &ApiKeyHash, event: &AuditEvent) -> Result<(), StoreError> {
        // A key that has no end of its own has none that a rotation would keep.
        self.0.insert(&ApiKey { expires_at: None, ..key.clone() }, hash, event).await
    }
}

#[async_trait]
impl Keys for OneMoreInstant {
    async fn rotate(&self, rotation: &KeyRotation, event: &AuditEvent) -> Result<RotateKeyOutcome, StoreError> {
        let before = KeyRotation { at: rotation.at - Duration::MICROSECOND, ..rotation.clone() };
        self.0.rotate(&before, event).await
    }
}

/// Notes the use that it is told of last, whenever that was.
struct LastTold {
    store: MemoryStore,
    used: Mutex<HashMap<ApiKeyId, OffsetDateTime>>,
}

impl LastTold {
    fn new(store: MemoryStore) -> Self {
        Self { store, used: Mutex::default() }
    }

    fn used(&self) -> MutexGuard<'_, HashMap<ApiKeyId, OffsetDateTime>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept for LastTold {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Keys for LastTold {
    async fn touch(&self, id: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        self.used().insert(id, at);
        Ok(())
    }

    async fn find(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let key = self.store.find(hash).await?;
        Ok(key.map(|key| ApiKey { last_used_at: self.used().get(&key.id).copied(), ..key }))
    }
}

#[test]
fn a_rotation_of_a_key_that_has_just_expired_is_caught() {
    caught!(
        breaking!(api_keys, OneMoreInstant),
        api_keys::nothing_is_rotated_that_does_not_work_at_the_time,
        "Rotated(ApiKey"
    );
}

#[test]
fn a_use_that_undoes_a_later_one_is_caught() {
    caught!(
        breaking!(api_keys, LastTold::new),
        api_keys::a_use_does_not_undo_a_later_one,
        "an earlier use was noted over a later one"
    );
}

#[test]
fn a_rotation_that_leaves_the_old_key_alone_is_caught() {
    caught!(
        breaking!(api_keys, HalfARotation),
        api_keys::a_rotation_adds_a_key_with_the_name_and_the_scopes_of_the_old_one,
        "the old key has another end"
    );
    caught!(
        breaking!(api_keys, HalfARotation),
        api_keys::of_many_rotations_at_once_that_end_the_old_key_exactly_one_is_made,
        "not exactly one rotation was made"
    );
}

#[test]
fn a_rotation_that_lengthens_the_old_keys_life_is_caught() {
    caught!(
        breaking!(api_keys, LongerLife),
        api_keys::a_rotated_key_works_until_then_or_its_own_earlier_end,
        "its own end was"
    );
}
