use std::fmt;

use muster_domain::api_key::{ApiKeyHash, ApiKeyHasher, ApiKeyToken};
use muster_domain::audit::chain::{AuditSealer, SealHash};
use muster_domain::session::{RefreshToken, RefreshTokenHasher, SuccessorSalt, TokenHash};
use muster_domain::verification::{Code, CodeBinding, CodeHash, CodeHasher, Fingerprint, Fingerprinter, Method};
use ring::{digest, hkdf, hmac};

use crate::Pepper;

/// Every keyed hash that Muster makes, each kind under a subkey of its own, so that no hash of one kind is ever one of
/// another.
///
/// The subkeys are HKDF-SHA256 (RFC 5869) of the pepper, with a label each. What is stored depends on the labels and on
/// the byte layouts below: neither may change.
pub struct Keyring {
    codes: hmac::Key,
    fingerprints: hmac::Key,
    successors: hmac::Key,
    seals: hmac::Key,
}

impl Keyring {
    /// Derives the subkeys.
    #[must_use]
    pub fn new(pepper: &Pepper) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"muster").extract(pepper.as_bytes());
        Self {
            codes: subkey(&root, b"verification code"),
            fingerprints: subkey(&root, b"contact fingerprint"),
            successors: subkey(&root, b"refresh token successor"),
            seals: subkey(&root, b"audit seal"),
        }
    }
}

#[expect(clippy::expect_used, reason = "HKDF fails only past 255 blocks, and an HMAC key is one")]
fn subkey(root: &hkdf::Prk, label: &[u8]) -> hmac::Key {
    root.expand(&[label], hmac::HMAC_SHA256).expect("one block of key").into()
}

fn method_tag(method: Method) -> u8 {
    match method {
        Method::Email => 1,
        Method::Sms => 2,
        Method::Push => 3,
    }
}

/// `challenge id (16) ‖ user id (16) ‖ method (1) ‖ fingerprint (32) ‖ code (6)`: every field has a fixed length, so
/// two different inputs never share an encoding.
fn encode(binding: &CodeBinding, code: &Code) -> [u8; 71] {
    let mut bytes = [0; 71];
    bytes[..16].copy_from_slice(binding.challenge_id.0.as_bytes());
    bytes[16..32].copy_from_slice(binding.user_id.0.as_bytes());
    bytes[32] = method_tag(binding.method);
    bytes[33..65].copy_from_slice(&binding.fingerprint.0);
    bytes[65..].copy_from_slice(code.expose().as_bytes());
    bytes
}

fn bytes_of(hash: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash);
    bytes
}

impl CodeHasher for Keyring {
    fn hash(&self, binding: &CodeBinding, code: &Code) -> CodeHash {
        CodeHash(bytes_of(hmac::sign(&self.codes, &encode(binding, code)).as_ref()))
    }

    fn matches(&self, binding: &CodeBinding, code: &Code, hash: &CodeHash) -> bool {
        // Compares in constant time.
        hmac::verify(&self.codes, &encode(binding, code), &hash.0).is_ok()
    }
}

impl Fingerprinter for Keyring {
    /// HMAC-SHA256 of `method (1) ‖ destination`.
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.fingerprints);
        context.update(&[method_tag(method)]);
        context.update(normalized.as_bytes());
        Fingerprint(bytes_of(context.sign().as_ref()))
    }
}

impl RefreshTokenHasher for Keyring {
    /// SHA-256 of the token's 32 random bytes, not of its spelling.
    fn hash(&self, token: &RefreshToken) -> TokenHash {
        TokenHash(bytes_of(digest::digest(&digest::SHA256, token.as_bytes()).as_ref()))
    }

    /// HMAC-SHA256 of `token (32) ‖ salt (16)`.
    fn successor(&self, token: &RefreshToken, salt: &SuccessorSalt) -> RefreshToken {
        let mut context = hmac::Context::with_key(&self.successors);
        context.update(token.as_bytes());
        context.update(&salt.0);
        RefreshToken::from_bytes(bytes_of(context.sign().as_ref()))
    }
}

impl AuditSealer for Keyring {
    /// HMAC-SHA256 of the bytes.
    fn seal(&self, bytes: &[u8]) -> SealHash {
        SealHash(bytes_of(hmac::sign(&self.seals, bytes).as_ref()))
    }

    fn matches(&self, bytes: &[u8], hash: &SealHash) -> bool {
        // Compares in constant time.
        hmac::verify(&self.seals, bytes, &hash.0).is_ok()
    }
}

/// Hashes API keys; the one hash here that needs no pepper.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApiKeyDigest;

impl ApiKeyHasher for ApiKeyDigest {
    /// SHA-256 of the key's 32 random bytes, not of its spelling.
    fn hash_key(&self, key: &ApiKeyToken) -> ApiKeyHash {
        ApiKeyHash(bytes_of(digest::digest(&digest::SHA256, key.as_bytes()).as_ref()))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(redacted)")
    }
}

#[cfg(test)]
mod tests;
