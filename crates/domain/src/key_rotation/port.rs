use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::verification::{Fingerprint, Method};
use crate::{KeyId, StoreError};

/// A fingerprint as it is stored, and what it is of.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredFingerprint {
    /// Whose: the person's id, or for push the device's.
    pub holder: Uuid,
    /// The destination in its normalized form, of which the fingerprint is made.
    pub destination: String,
    /// The fingerprint, with the key that the row names.
    pub fingerprint: Fingerprint,
}

impl fmt::Debug for StoredFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredFingerprint").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// A fingerprint that takes another's place, of the same destination under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FingerprintMove {
    /// Whose: the person's id, or for push the device's.
    pub holder: Uuid,
    /// The fingerprint that is stored.
    pub from: Fingerprint,
    /// The fingerprint that is to be. When both hashes are the same, only the key is recorded.
    pub to: Fingerprint,
}

/// Which rows hold a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyedRows {
    /// People's e-mail addresses.
    Emails,
    /// People's phone numbers.
    Phones,
    /// Devices' push tokens.
    Devices,
    /// Codes that work now.
    Codes,
    /// Refresh tokens whose successor was not used yet, of sessions that are live now.
    RefreshTokens,
}

impl KeyedRows {
    /// Its name in metrics, like `refresh_tokens`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emails => "emails",
            Self::Phones => "phones",
            Self::Devices => "devices",
            Self::Codes => "codes",
            Self::RefreshTokens => "refresh_tokens",
        }
    }
}

/// How many rows of one kind name one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCount {
    /// Which rows.
    pub rows: KeyedRows,
    /// The key that they name; `None` when they name none.
    pub key: Option<KeyId>,
    /// How many.
    pub count: u64,
}

/// Keeps what was hashed under a key.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait KeyRotationStore: Send + Sync {
    /// Up to `limit` fingerprints of that method's destinations that name none of the keys `other_than`, in the order of
    /// their holders, from the first after `after`.
    async fn fingerprints(
        &self,
        method: Method,
        other_than: &[KeyId],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<StoredFingerprint>, StoreError>;

    /// Puts `to` in the place of `from` for each holder whose fingerprint still is `from`, and in the same place of their
    /// proof of that destination: one is never moved without the other. A person whose fingerprint's hash changes is one
    /// version up, so that who read them before does not write the old one back. Returns how many were moved; a holder
    /// who is gone, or has another fingerprint by now, is passed over. The holders are given in the order of their ids.
    async fn move_fingerprints(&self, method: Method, moves: &[FingerprintMove]) -> Result<u64, StoreError>;

    /// Records `key` for up to `limit` refresh tokens that were not superseded and name no key, and returns for how many.
    /// What others are working on is not waited for.
    async fn record_successor_key(&self, key: KeyId, limit: u16) -> Result<u64, StoreError>;

    /// How many rows there are as of `at` for each kind and key.
    async fn count_by_key(&self, at: OffsetDateTime) -> Result<Vec<KeyCount>, StoreError>;
}
