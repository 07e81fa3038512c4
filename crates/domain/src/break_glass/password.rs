use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use time::Duration;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Entropy;

/// A password in plain. Redacted in `Debug`, wiped when dropped, never stored.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// The longest that is looked at, in bytes (OWASP ASVS 5, 6.2.9, asks for at least 64 characters).
    pub const MAX_BYTES: usize = 256;
    /// Characters that cannot be taken for each other when read aloud or from paper: Crockford's base 32.
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    const GROUPS: usize = 6;
    const GROUP: usize = 5;

    /// Draws a password: six groups of five characters, 150 random bits.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; Self::GROUPS * Self::GROUP]);
        entropy.fill(&mut *bytes);
        let mut text = String::with_capacity(Self::GROUPS * (Self::GROUP + 1));
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 && index % Self::GROUP == 0 {
                text.push('-');
            }
            // 256 is a multiple of 32, so each character is as likely as any other.
            text.push(char::from(Self::ALPHABET[usize::from(byte % 32)]));
        }
        Self(text)
    }

    /// What somebody typed; `None` when it is longer than any password.
    #[must_use]
    pub fn typed(text: String) -> Option<Self> {
        let password = Self(text);
        (password.0.len() <= Self::MAX_BYTES).then_some(password)
    }

    /// The password, for whoever made the account, and for the hash.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

/// A short digest of a password, the first 32 bits of a hash without a key, for telling quickly that a password is *not*
/// an account's. It proves nothing, and tells a reader of the store 32 bits of 150: 118 are left, more than
/// the 112 from which on NIST SP 800-63B asks for no slow hash (section 5.1.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordTag(pub u32);

/// In which line a password waits to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// For passwords that are probably wrong.
    Common,
    /// For passwords whose tag is the account's, so that wrong ones never hold up the right one.
    Reserved,
}

/// What a store keeps of a password: an Argon2id hash in PHC string form, with its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// The text is no Argon2id hash in PHC string form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an Argon2id hash in PHC string form")]
pub struct InvalidPasswordHash;

impl PasswordHash {
    /// Takes a hash that a [`PasswordHasher`] made.
    ///
    /// # Errors
    /// When it is of another kind.
    pub fn parse(text: String) -> Result<Self, InvalidPasswordHash> {
        if text.starts_with("$argon2id$") { Ok(Self(text)) } else { Err(InvalidPasswordHash) }
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

/// Why a password was not hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// As many are being hashed or wait for it as may be.
    #[error("too many passwords are being checked")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The hash failed.
    #[error("the password could not be hashed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// Hashes passwords with Argon2id at the cost that OWASP's password storage cheat sheet names, and no more of them at a
/// time than the machine bears: a flood of sign-ins neither stalls what else it does nor takes memory without bound.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// What to keep of a password; different each time.
    ///
    /// # Errors
    /// See [`PasswordError`].
    async fn hash_password(&self, password: &Password) -> Result<PasswordHash, PasswordError>;

    /// The password's tag.
    fn tag(&self, password: &Password) -> PasswordTag;

    /// Waits until a password may be checked.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when as many wait in that lane as may, or the wait was too long.
    async fn turn(&self, lane: Lane) -> Result<Box<dyn PasswordTurn>, PasswordError>;
}

/// The right to check one password now.
#[async_trait]
pub trait PasswordTurn: Send + Sync {
    /// Whether it is the password of that hash, compared in constant time. With `None` it takes as long and is false: so
    /// an account that does not exist looks like one that does.
    ///
    /// # Errors
    /// [`PasswordError::Failed`].
    async fn is_password(
        self: Box<Self>,
        password: &Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordError>;
}
