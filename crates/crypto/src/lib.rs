//! Muster's cryptography, on ring: random bytes, keyed hashes of codes, contacts and tokens, and the signing of access
//! tokens. Passwords alone are hashed with Argon2id, which ring does not have.
//!
//! Two secrets feed it. The [`Pepper`] keys every hash, each kind under a subkey of its own (see [`Keyring`]); the
//! [`SigningKey`] signs access tokens (see [`AccessTokenSigner`]). Both are redacted in `Debug` and wiped when dropped;
//! what ring derives from them for its own use, ring does not wipe.
//!
//! Time and random bytes of the operating system come from [`SystemClock`] and [`SystemEntropy`].

#![warn(missing_docs)]

mod access_token;
mod jwt_provider;
mod keyring;
mod passwords;
mod pepper;
mod signing_key;
mod system;

pub use access_token::AccessTokenSigner;
pub use keyring::{ApiKeyDigest, Keyring};
pub use passwords::Argon2Passwords;
pub use pepper::{InvalidPepper, Pepper};
pub use signing_key::{InvalidSigningKey, SigningKey};
pub use system::{SystemClock, SystemEntropy};
