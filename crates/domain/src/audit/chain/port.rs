use std::fmt;

use async_trait::async_trait;

use crate::audit::AuditEvent;
use crate::{AuditId, KeyId, KeyIds, StoreError};

/// A keyed hash over a record's content and place and the hash before it (HMAC-SHA256, 32 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealHash(pub [u8; 32]);

impl SealHash {
    /// What the first record's predecessor would have.
    pub const NONE: Self = Self([0; 32]);

    /// The hash that hexadecimal digits spell; `None` unless they are 64.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 64 || !digits.is_ascii() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for SealHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SealHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealHash({self})")
    }
}

/// Makes and checks seals, with a key that the store does not have.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AuditSealer: Send + Sync {
    /// The keyed hash of some bytes under the current key, the same for the same bytes always.
    fn seal(&self, bytes: &[u8]) -> SealHash;

    /// The key of the server's with which that is the hash of these bytes, compared in constant time; `None` when it is
    /// with none of them.
    fn sealed_with(&self, bytes: &[u8], hash: &SealHash) -> Option<KeyId>;

    /// The keys that the server has.
    fn keys(&self) -> KeyIds;
}

/// One end of the chain, and what proves that it was Muster who set it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainMark {
    /// The record's place; the first ever sealed has 1, and there are no gaps.
    pub position: u64,
    /// That record's seal.
    pub hash: SealHash,
    /// A keyed hash over both, made for this end alone.
    pub mac: SealHash,
}

/// Where the chain starts and ends now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChainMarks {
    /// The last record that was removed for its age; `None` when none ever was.
    pub start: Option<ChainMark>,
    /// The last record that was sealed; `None` when none ever was.
    pub head: Option<ChainMark>,
}

/// Records that wait for their seals, and what they are to be chained to.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsealed {
    /// The end of the chain.
    pub head: Option<ChainMark>,
    /// Records without a seal, in the order of their times, then of their ids.
    pub records: Vec<AuditEvent>,
}

/// New links of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// The end that they are chained to.
    pub after: Option<ChainMark>,
    /// The records and their seals; their places follow `after` one by one.
    pub seals: Vec<(AuditId, SealHash)>,
    /// The key that the seals were made with.
    pub key: KeyId,
    /// The new end.
    pub head: ChainMark,
}

/// A record as the chain holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedRecord {
    /// Its place.
    pub position: u64,
    /// Its id.
    pub id: AuditId,
    /// Its seal.
    pub hash: SealHash,
    /// The key that the seal was made with; `None` when a release sealed it that did not record it. It only helps to find
    /// the key that is missing: a writer of the store can change it too.
    pub key: Option<KeyId>,
    /// What it says; `None` when that cannot be read.
    pub event: Option<AuditEvent>,
}

/// The removal of the chain's oldest records.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgetting {
    /// Where the chain starts.
    pub after: Option<ChainMark>,
    /// The last record that goes, from now on the chain's start.
    pub start: ChainMark,
    /// The record that it happened.
    pub event: AuditEvent,
}

/// Keeps the seals of audit records.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuditChain: Send + Sync {
    /// Where the chain starts and ends.
    async fn marks(&self) -> Result<ChainMarks, StoreError>;

    /// The end of the chain and up to `limit` records without a seal: those first that happened first (by time, then by
    /// id). However late a record's transaction ends, the record is found once it has ended.
    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError>;

    /// Gives each of the records its seal and the place after the one before it, and moves the end of the chain: all or
    /// nothing. `false`, and nothing written, when the chain does not end at `after` any more, or when one of the
    /// records is gone or sealed already. Of any number of servers that do this at once after the same end, exactly one
    /// is `true`.
    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError>;

    /// Up to `limit` sealed records whose place is after `position`, in the order of their places. One that cannot be
    /// read has no event and holds up no other.
    async fn sealed(&self, position: u64, limit: u16) -> Result<Vec<SealedRecord>, StoreError>;

    /// Removes every sealed record up to the place of the new start, sets it as the start, and writes the event, which
    /// is not sealed yet: all or nothing. `false`, and nothing written, when the chain does not start after `after` any
    /// more.
    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError>;
}
