mod cursors;

use std::fmt;

use muster_domain::api_key::{ApiKeyHash, ApiKeyHasher, ApiKeyToken};
use muster_domain::audit::chain::{AuditSealer, SealHash};
use muster_domain::session::{RefreshToken, RefreshTokenHasher, SuccessorSalt, TokenHash};
use muster_domain::verification::{Code, CodeBinding, CodeHash, CodeHasher, Fingerprint, Fingerprinter, Method};
use muster_domain::{KeyId, KeyIds};
use ring::{digest, hkdf, hmac};

use self::cursors::CursorKeys;
use crate::Pepper;

/// Every keyed hash that Muster makes, and the cursors that it seals, each kind under a subkey of its own, so that no hash of
/// one kind is ever one of another.
///
/// The subkeys are HKDF-SHA256 (RFC 5869) of the pepper, with a label each. What is stored depends on the labels and on
/// the byte layouts below: neither may change.
///
/// New hashes are made under the current pepper. During a rotation those of the other peppers are recognized too (see
/// [`KeyIds`]).
pub struct Keyring {
    current: Subkeys,
    /// The next pepper's and those of the previous ones.
    others: Vec<Subkeys>,
    ids: KeyIds,
}

/// What one pepper gives.
struct Subkeys {
    id: KeyId,
    codes: hmac::Key,
    fingerprints: hmac::Key,
    successors: hmac::Key,
    seals: hmac::Key,
    cursors: CursorKeys,
}

impl Subkeys {
    fn new(pepper: &Pepper) -> Self {
        let root = root(pepper);
        Self {
            id: id(&root),
            codes: subkey(&root, b"verification code"),
            fingerprints: subkey(&root, b"contact fingerprint"),
            successors: subkey(&root, b"refresh token successor"),
            seals: subkey(&root, b"audit seal"),
            cursors: CursorKeys::new(&root),
        }
    }

    /// HMAC-SHA256 of `method (1) ‖ destination`.
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.fingerprints);
        context.update(&[method_tag(method)]);
        context.update(normalized.as_bytes());
        Fingerprint { hash: bytes_of(context.sign().as_ref()), key: Some(self.id) }
    }
}

impl Keyring {
    /// The keys of one pepper, outside of any rotation.
    #[must_use]
    pub fn new(pepper: &Pepper) -> Self {
        Self::rotating(pepper, None, &[])
    }

    /// The keys of the current pepper, and during a rotation of the one that will take its place and of those before it.
    #[must_use]
    pub fn rotating(current: &Pepper, next: Option<&Pepper>, previous: &[Pepper]) -> Self {
        let current = Subkeys::new(current);
        let next = next.map(Subkeys::new);
        let previous: Vec<_> = previous.iter().map(Subkeys::new).collect();
        let ids = KeyIds {
            current: current.id,
            next: next.as_ref().map(|keys| keys.id),
            previous: previous.iter().map(|keys| keys.id).collect(),
        };
        Self { current, others: next.into_iter().chain(previous).collect(), ids }
    }

    /// The keys of every pepper, the current one's first.
    fn all(&self) -> impl Iterator<Item = &Subkeys> {
        std::iter::once(&self.current).chain(&self.others)
    }
}

fn root(pepper: &Pepper) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"muster").extract(pepper.as_bytes())
}

/// What names a pepper: four bytes that are derived from it like the subkeys, so that they tell nothing of it.
pub(crate) fn id_of(pepper: &Pepper) -> KeyId {
    id(&root(pepper))
}

#[expect(clippy::expect_used, reason = "HKDF fails only past 255 blocks, and four bytes are less than one")]
fn id(root: &hkdf::Prk) -> KeyId {
    struct FourBytes;
    impl hkdf::KeyType for FourBytes {
        fn len(&self) -> usize {
            4
        }
    }
    let mut id = [0; 4];
    root.expand(&[b"pepper id"], FourBytes).and_then(|bytes| bytes.fill(&mut id)).expect("four bytes");
    KeyId(id)
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
    bytes[33..65].copy_from_slice(&binding.fingerprint.hash);
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
        let hash = hmac::sign(&self.current.codes, &encode(binding, code));
        CodeHash { hash: bytes_of(hash.as_ref()), key: Some(self.current.id) }
    }

    fn matches(&self, binding: &CodeBinding, code: &Code, hash: &CodeHash) -> bool {
        let encoded = encode(binding, code);
        let mut keys = self.all().filter(|keys| hash.key.is_none_or(|key| key == keys.id));
        // Compares in constant time.
        keys.any(|keys| hmac::verify(&keys.codes, &encoded, &hash.hash).is_ok())
    }
}

impl Fingerprinter for Keyring {
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint {
        self.current.fingerprint(method, normalized)
    }

    fn fingerprints(&self, method: Method, normalized: &str) -> Vec<Fingerprint> {
        self.all().map(|keys| keys.fingerprint(method, normalized)).collect()
    }

    fn keys(&self) -> KeyIds {
        self.ids.clone()
    }
}

impl RefreshTokenHasher for Keyring {
    /// SHA-256 of the token's 32 random bytes, not of its spelling.
    fn hash(&self, token: &RefreshToken) -> TokenHash {
        TokenHash(bytes_of(digest::digest(&digest::SHA256, token.as_bytes()).as_ref()))
    }

    /// HMAC-SHA256 of `token (32) ‖ salt (16)`.
    fn successor(&self, token: &RefreshToken, salt: &SuccessorSalt, key: Option<KeyId>) -> RefreshToken {
        let keys = self.all().find(|keys| Some(keys.id) == key).unwrap_or(&self.current);
        let mut context = hmac::Context::with_key(&keys.successors);
        context.update(token.as_bytes());
        context.update(&salt.0);
        RefreshToken::from_bytes(bytes_of(context.sign().as_ref()))
    }

    fn key(&self) -> KeyId {
        self.current.id
    }
}

impl AuditSealer for Keyring {
    /// HMAC-SHA256 of the bytes.
    fn seal(&self, bytes: &[u8]) -> SealHash {
        SealHash(bytes_of(hmac::sign(&self.current.seals, bytes).as_ref()))
    }

    fn sealed_with(&self, bytes: &[u8], hash: &SealHash) -> Option<KeyId> {
        // Compares in constant time.
        self.all().find(|keys| hmac::verify(&keys.seals, bytes, &hash.0).is_ok()).map(|keys| keys.id)
    }

    fn keys(&self) -> KeyIds {
        self.ids.clone()
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
