//! Rotations that leave the old key alone or let it live too long.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyStore, KeyRotation, RotateKeyOutcome};
use muster_domain::audit::AuditEvent;

use crate::breakable::{Keys, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Adds the new key and leaves the old one alone.
    HalfARotation;
    /// Forgets that a key has an end, so that a rotation keeps none.
    LongerLife;
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
