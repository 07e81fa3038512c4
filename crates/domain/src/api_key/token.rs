use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{Entropy, secret_token};

/// An API key in plain: `mst_key_`, 256 random bits as 44 base62 characters, a CRC-32 of both as 6 more. Redacted in
/// `Debug`, wiped when dropped, never stored, shown once.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct ApiKeyToken([u8; 32]);

/// The string is not an API key, or was mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an API key: mst_key_ and 50 letters and digits with a right checksum")]
pub struct InvalidApiKey;

impl ApiKeyToken {
    /// What every key begins with.
    pub const PREFIX: &str = "mst_key_";
    /// How many characters after that are shown, to recognize a key by.
    const SHOWN: usize = 4;

    /// Draws a key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bits = [0; 32];
        entropy.fill(&mut bits);
        Self(bits)
    }

    /// Takes a key if its form and checksum are right.
    ///
    /// # Errors
    /// When they are not.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        secret_token::read(Self::PREFIX, text).map(Self).ok_or(InvalidApiKey)
    }

    /// The key as text, for whoever made it.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        secret_token::write(Self::PREFIX, &self.0)
    }

    /// The 256 bits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// How it begins.
    #[must_use]
    pub fn shown(&self) -> String {
        self.expose().chars().take(Self::PREFIX.len() + Self::SHOWN).collect()
    }
}

impl fmt::Debug for ApiKeyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyToken(redacted)")
    }
}

/// SHA-256 of a key; all that a store keeps of it. 256 random bits need no slow hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyHash(pub [u8; 32]);

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyHash(redacted)")
    }
}

/// Hashes API keys.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ApiKeyHasher: Send + Sync {
    /// What the store keeps of a key.
    fn hash_key(&self, key: &ApiKeyToken) -> ApiKeyHash;
}
