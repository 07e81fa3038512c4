use std::fmt;
use std::hash::{Hash, Hasher};

use crate::verification::Method;
use crate::{KeyId, KeyIds};

/// A keyed hash of a normalized destination: tells whether two destinations are one without saying which it is.
///
/// Two are equal when their hashes are. The same destination has different fingerprints under different keys, so
/// equality within the store relies on a person's fingerprint and their proof being moved to a new key together.
#[derive(Clone, Copy)]
pub struct Fingerprint {
    /// HMAC-SHA256 of the destination.
    pub hash: [u8; 32],
    /// The key that made it; `None` in rows of a release that did not record it.
    pub key: Option<KeyId>,
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Fingerprint {}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl From<[u8; 32]> for Fingerprint {
    /// A fingerprint whose key is not recorded.
    fn from(hash: [u8; 32]) -> Self {
        Self { hash, key: None }
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:02x}{:02x}…)", self.hash[0], self.hash[1])
    }
}

/// Makes fingerprints under the server's pepper, and under those of a rotation.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Fingerprinter: Send + Sync {
    /// The fingerprint of a destination in its normalized form, under the current key, which it names. The same text
    /// under two methods gives two fingerprints.
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint;

    /// The fingerprints of that destination under every key that the server has, the current one first. A stored
    /// fingerprint that is one of them is of that destination; one that is not is of another destination or was made with
    /// a key that the server does not have.
    fn fingerprints(&self, method: Method, normalized: &str) -> Vec<Fingerprint>;

    /// The keys that the server has.
    fn keys(&self) -> KeyIds;
}
