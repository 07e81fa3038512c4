use muster_domain::audit::chain::{AuditSealer, SealHash};

use crate::FakeHasher;

/// Seals of audit records that are quick, repeatable and **without any security**; each number is a key of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FakeAuditSealer(pub u64);

impl AuditSealer for FakeAuditSealer {
    fn seal(&self, bytes: &[u8]) -> SealHash {
        SealHash(FakeHasher::digest("audit seal", &[&self.0.to_be_bytes(), bytes]))
    }

    fn matches(&self, bytes: &[u8], hash: &SealHash) -> bool {
        self.seal(bytes) == *hash
    }
}
