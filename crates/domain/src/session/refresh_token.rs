use std::fmt;

use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Entropy;

/// A refresh token in plain: `mst_rt_`, 256 random bits as 44 base62 characters, a CRC-32 of both as 6 more. The
/// prefix lets secret scanners find a leaked one; the checksum lets a typo be refused without asking the store.
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
    /// How many base62 digits 128 bits take.
    const HALF: usize = 22;
    /// How many base62 digits 32 bits take.
    const CHECKSUM: usize = 6;

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
        let mut text = Zeroizing::new(String::with_capacity(Self::PREFIX.len() + 2 * Self::HALF + Self::CHECKSUM));
        text.push_str(Self::PREFIX);
        let (high, low) = self.halves();
        push_base62(&mut text, high, Self::HALF);
        push_base62(&mut text, low, Self::HALF);
        let checksum = crc32fast::hash(text.as_bytes());
        push_base62(&mut text, u128::from(checksum), Self::CHECKSUM);
        text
    }

    fn halves(&self) -> (u128, u128) {
        let (mut high, mut low) = ([0; 16], [0; 16]);
        high.copy_from_slice(&self.0[..16]);
        low.copy_from_slice(&self.0[16..]);
        (u128::from_be_bytes(high), u128::from_be_bytes(low))
    }

    /// Takes a token if its form and checksum are right. Each token has one spelling.
    ///
    /// # Errors
    /// When they are not.
    pub fn parse(text: &str) -> Result<Self, InvalidRefreshToken> {
        let body = text.strip_prefix(Self::PREFIX).ok_or(InvalidRefreshToken)?;
        if body.len() != 2 * Self::HALF + Self::CHECKSUM || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(InvalidRefreshToken);
        }
        let (digits, checksum) = body.split_at(2 * Self::HALF);
        let (high, low) = digits.split_at(Self::HALF);
        let decode = |digits: &str| base62::decode(digits).map_err(|_| InvalidRefreshToken);
        let expected = crc32fast::hash(&text.as_bytes()[..text.len() - Self::CHECKSUM]);
        if decode(checksum)? != u128::from(expected) {
            return Err(InvalidRefreshToken);
        }
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&decode(high)?.to_be_bytes());
        bytes[16..].copy_from_slice(&decode(low)?.to_be_bytes());
        Ok(Self(bytes))
    }
}

fn push_base62(text: &mut String, number: u128, width: usize) {
    let digits = Zeroizing::new(base62::encode(number));
    text.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    text.push_str(&digits);
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
    /// What the store keeps of a token.
    fn hash(&self, token: &RefreshToken) -> TokenHash;

    /// The one successor of a token: the same token and salt always give the same, and nobody without the server's key
    /// can work it out from them.
    fn successor(&self, token: &RefreshToken, salt: &SuccessorSalt) -> RefreshToken;
}
