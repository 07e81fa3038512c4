use muster_domain::audit::chain::{AuditSealer, SealHash};
use muster_domain::{KeyId, KeyIds};

use crate::FakeHasher;

/// Seals of audit records that are quick, repeatable and **without any security**; each number is a key of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FakeAuditSealer {
    key: u64,
    next: Option<u64>,
    previous: Option<u64>,
}

impl FakeAuditSealer {
    /// The sealer of a server that has one key.
    #[must_use]
    pub fn of_key(key: u64) -> Self {
        Self { key, next: None, previous: None }
    }

    /// The sealer of a server in a rotation.
    #[must_use]
    pub fn rotating(key: u64, next: Option<u64>, previous: Option<u64>) -> Self {
        Self { key, next, previous }
    }

    /// The id of the key of that number.
    #[must_use]
    pub fn key_id(key: u64) -> KeyId {
        let [.., a, b, c, d] = key.to_be_bytes();
        KeyId([a, b, c, d])
    }

    fn with(key: u64, bytes: &[u8]) -> SealHash {
        SealHash(FakeHasher::digest("audit seal", &[&key.to_be_bytes(), bytes]))
    }
}

impl AuditSealer for FakeAuditSealer {
    fn seal(&self, bytes: &[u8]) -> SealHash {
        Self::with(self.key, bytes)
    }

    fn sealed_with(&self, bytes: &[u8], hash: &SealHash) -> Option<KeyId> {
        let mut keys = std::iter::once(self.key).chain(self.next).chain(self.previous);
        keys.find(|key| Self::with(*key, bytes) == *hash).map(Self::key_id)
    }

    fn keys(&self) -> KeyIds {
        KeyIds {
            current: Self::key_id(self.key),
            next: self.next.map(Self::key_id),
            previous: self.previous.map(Self::key_id).into_iter().collect(),
        }
    }
}
