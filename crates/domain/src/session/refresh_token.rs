use std::fmt;

use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{Entropy, KeyId, secret_token};

/// A refresh token in plain: `mst_rt_`, 256 random bits as 44 base62 characters, a CRC-32 of both as 6 more.
/// Redacted in `Debug`, wiped when dropped, never stored.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop, Deserialize)]
#[serde(try_from = "String")]
pub struct RefreshToken([u8; 32]);

/// The string is not a refresh token, or was mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a refresh token: mst_rt_ and 50 letters and digits with a right checksum")]
pub struct InvalidRefreshToken;

impl RefreshToken {
    const PREFIX: &str = "mst_rt_";

    /// Draws a token.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// Makes the token of these 256 bits.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 256 bits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The token as text, for the answer that carries it.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        secret_token::write(Self::PREFIX, &self.0)
    }

    /// Takes a token if its form and checksum are right. Each token has one spelling.
    ///
    /// # Errors
    /// When they are not.
    ///
    /// ```
    /// use muster_domain::session::RefreshToken;
    ///
    /// let text = RefreshToken::from_bytes([7; 32]).expose();
    /// assert_eq!(RefreshToken::parse(&text).unwrap().as_bytes(), &[7; 32]);
    /// assert!(RefreshToken::parse(&text[..text.len() - 1]).is_err(), "a character is missing");
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidRefreshToken> {
        secret_token::read(Self::PREFIX, text).map(Self).ok_or(InvalidRefreshToken)
    }
}

impl TryFrom<String> for RefreshToken {
    type Error = InvalidRefreshToken;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&Zeroizing::new(text))
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(redacted)")
    }
}

/// SHA-256 of a refresh token; all that a store keeps of it. A 256-bit random token needs no slow hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(redacted)")
    }
}

/// Random bytes in a token's row that, with the token itself and the server's key, give its successor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SuccessorSalt(pub [u8; 16]);

impl SuccessorSalt {
    /// Draws a salt.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Debug for SuccessorSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SuccessorSalt(redacted)")
    }
}

/// Hashes refresh tokens and derives their successors.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait RefreshTokenHasher: Send + Sync {
    /// What the store keeps of a token. It needs no key: a token has 256 random bits.
    fn hash(&self, token: &RefreshToken) -> TokenHash;

    /// The one successor of a token: the same token, salt and key always give the same, on every server, and nobody
    /// without the key can work it out from them. `key` is what the token's row names; when it names none, or one that
    /// the server does not have, the current key stands in.
    fn successor(&self, token: &RefreshToken, salt: &SuccessorSalt, key: Option<KeyId>) -> RefreshToken;

    /// The key with which the successors of tokens that are made now will be derived. It is stored with the salt.
    fn key(&self) -> KeyId;
}
