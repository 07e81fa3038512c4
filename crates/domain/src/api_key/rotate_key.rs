use time::Duration;

use crate::api_key::{ApiKeyService, CreatedKey, KeyRotation, RotateKeyOutcome};
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::{ApiKeyId, StoreError};

/// Why a key was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeyError {
    /// There is no such key, or it does not work any more.
    #[error("there is no such key that works")]
    NotLive,
    /// The store failed.
    #[error("could not rotate the key")]
    Store(#[from] StoreError),
}

impl ApiKeyService {
    /// Makes a key that takes another's place: same name, same scopes, no end of its own. The old one goes on working
    /// for `overlap`, at most [`ApiKeyService::MAX_OVERLAP`], so that the service that uses it can change over.
    ///
    /// # Errors
    /// See [`RotateKeyError`].
    pub async fn rotate(&self, id: ApiKeyId, overlap: Duration, origin: &Origin) -> Result<CreatedKey, RotateKeyError> {
        let now = self.clock.now();
        let old_until = now + overlap.clamp(Duration::ZERO, Self::MAX_OVERLAP);
        let (new, token) = self.draw(now);
        let change =
            AuditChange::ApiKeyRotated { key_id: id, successor: new.id, prefix: new.prefix.clone(), old_until };
        let event = AuditEvent::new(now, &*self.entropy, origin, None, &change);
        let rotation = KeyRotation { old: id, old_until, new, hash: self.hasher.hash_key(&token), at: now };
        match self.keys.rotate(&rotation, &event).await? {
            RotateKeyOutcome::Rotated(key) => Ok(CreatedKey { key, token }),
            RotateKeyOutcome::NotLive => Err(RotateKeyError::NotLive),
        }
    }
}
