use async_trait::async_trait;
use time::OffsetDateTime;

use crate::api_key::{ApiKey, ApiKeyHash};
use crate::audit::AuditEvent;
use crate::{ApiKeyId, StoreError};

/// A key that takes another's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// Whose place.
    pub old: ApiKeyId,
    /// Until when the old one goes on working, at the latest.
    pub old_until: OffsetDateTime,
    /// The new key, but for its name and scopes, which are the old one's.
    pub new: ApiKey,
    /// The new key's hash.
    pub hash: ApiKeyHash,
    /// When.
    pub at: OffsetDateTime,
}

/// What came of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateKeyOutcome {
    /// The new key as it is stored.
    Rotated(ApiKey),
    /// Nothing is written: there is no such key, or it does not work any more.
    NotLive,
}

/// Keeps API keys.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Adds a key and writes `event`, both or neither.
    async fn insert(&self, key: &ApiKey, hash: &ApiKeyHash, event: &AuditEvent) -> Result<(), StoreError>;

    /// Every key, whether it works or not, newest first (by `created_at`, then id, both descending).
    async fn list(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// The key with that hash, whether it works or not; `None` when there is none. Never a stale answer: what another
    /// call has committed is seen.
    async fn find(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError>;

    /// Notes that a key was used at `at`, unless a later use is noted already. This is no change that the audit trail
    /// records: what was done with the key is.
    async fn touch(&self, id: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Revokes a key that is not revoked and writes `event`, both or neither. `false`, and nothing written, when there
    /// is no such key or it is revoked already. Of any number of such calls at once, exactly one is `true`.
    async fn revoke(&self, id: ApiKeyId, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError>;

    /// Adds a key with the name and the scopes of the one whose place it takes, lets that one work until `old_until` or
    /// its own earlier end, and writes `event`: all or nothing. [`RotateKeyOutcome::NotLive`], and nothing written, when
    /// the old key does not work at `at`.
    async fn rotate(&self, rotation: &KeyRotation, event: &AuditEvent) -> Result<RotateKeyOutcome, StoreError>;
}
