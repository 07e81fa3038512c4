use std::fmt;

use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::verification::{Fingerprint, Method};
use crate::{ChallengeId, Entropy, KeyId, UserId};

/// A six-digit code in plain. Redacted in `Debug`, wiped when dropped, never stored.
#[derive(Clone, ZeroizeOnDrop, Deserialize)]
#[serde(try_from = "String")]
pub struct Code([u8; 6]);

/// The string is not six ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be six digits, like 042917")]
pub struct InvalidCode;

impl Code {
    /// Draws a code, uniform over 000000 to 999999: a draw from the incomplete last stretch of the 32-bit range would
    /// favour small codes and is drawn again.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        const CODES: u32 = 1_000_000;
        const COMPLETE: u32 = u32::MAX - u32::MAX % CODES;
        loop {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            let draw = u32::from_le_bytes(bytes);
            if draw < COMPLETE {
                return Self::from_number(draw % CODES);
            }
        }
    }

    fn from_number(mut number: u32) -> Self {
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789"[(number % 10) as usize];
            number /= 10;
        }
        Self(digits)
    }

    /// Takes a code as it was typed or pasted. Blanks and hyphens around and inside it are ignored: apps show codes in
    /// groups.
    ///
    /// # Errors
    /// When the rest is not exactly six ASCII digits.
    ///
    /// ```
    /// use muster_domain::verification::Code;
    ///
    /// let code = Code::parse("042 917").unwrap();
    /// assert_eq!(code.expose(), "042917");
    /// assert_eq!(format!("{code:?}"), "Code(redacted)");
    /// assert!(Code::parse("42917").is_err());
    /// ```
    pub fn parse(typed: &str) -> Result<Self, InvalidCode> {
        let mut digits = [0; 6];
        let mut count = 0;
        for c in typed.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c)) {
            let digit = u8::try_from(c).ok().filter(u8::is_ascii_digit).ok_or(InvalidCode)?;
            *digits.get_mut(count).ok_or(InvalidCode)? = digit;
            count += 1;
        }
        if count == digits.len() { Ok(Self(digits)) } else { Err(InvalidCode) }
    }

    /// The six digits, for the message that carries them and for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Only ASCII digits get in; the empty string would be refused everywhere.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The hyphen of the keyboard, and those that text processors put in its place.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        Self::parse(&Zeroizing::new(typed))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(redacted)")
    }
}

/// What a code is good for. It is hashed together with the code, so that a hash moved to another row proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBinding {
    /// Which challenge.
    pub challenge_id: ChallengeId,
    /// Whose.
    pub user_id: UserId,
    /// Over which channel.
    pub method: Method,
    /// Which destination.
    pub fingerprint: Fingerprint,
}

/// HMAC-SHA256 of a code and its binding under the server's pepper.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeHash {
    /// The hash.
    pub hash: [u8; 32],
    /// The key that made it; `None` in rows of a release that did not record it.
    pub key: Option<KeyId>,
}

impl From<[u8; 32]> for CodeHash {
    /// A hash whose key is not recorded.
    fn from(hash: [u8; 32]) -> Self {
        Self { hash, key: None }
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(redacted)")
    }
}

/// Hashes codes under a key that the store does not have.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait CodeHasher: Send + Sync {
    /// The keyed hash of a code with its binding, under the current key, which it names. Two bindings that differ in
    /// anything give unrelated hashes.
    fn hash(&self, binding: &CodeBinding, code: &Code) -> CodeHash;

    /// Whether `hash` is that of `code` with this binding, in time that does not depend on where they differ: under the
    /// key that it names, or under any key of the server's when it names none. `false` when the server does not have the
    /// key.
    fn matches(&self, binding: &CodeBinding, code: &Code, hash: &CodeHash) -> bool;
}
