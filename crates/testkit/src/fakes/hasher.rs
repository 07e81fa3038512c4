use std::hash::{DefaultHasher, Hasher};

use muster_domain::api_key::{ApiKeyHash, ApiKeyHasher, ApiKeyToken};
use muster_domain::page::CursorSealer;
use muster_domain::session::{RefreshToken, RefreshTokenHasher, SuccessorSalt, TokenHash};
use muster_domain::verification::{Code, CodeBinding, CodeHash, CodeHasher, Fingerprint, Fingerprinter, Method};
use muster_domain::{KeyId, KeyIds};

/// Hashes that are quick, repeatable and **without any security**: std's `SipHash` under a fixed key, four times over.
/// It stands in for the keyed hashes of codes, of destinations, of refresh tokens and of API keys.
///
/// Each number is a key of its own: see [`FakeHasher::rotating`] for a server that has several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FakeHasher {
    key: u32,
    next: Option<u32>,
    previous: Option<u32>,
}

impl FakeHasher {
    /// The hasher of a server that has one key.
    #[must_use]
    pub fn of_key(key: u32) -> Self {
        Self { key, next: None, previous: None }
    }

    /// The hasher of a server in a rotation.
    #[must_use]
    pub fn rotating(key: u32, next: Option<u32>, previous: Option<u32>) -> Self {
        Self { key, next, previous }
    }

    /// The id of the key of that number.
    #[must_use]
    pub fn key_id(key: u32) -> KeyId {
        KeyId(key.to_be_bytes())
    }

    fn all(self) -> impl Iterator<Item = u32> {
        std::iter::once(self.key).chain(self.next).chain(self.previous)
    }

    fn ids(self) -> KeyIds {
        KeyIds {
            current: Self::key_id(self.key),
            next: self.next.map(Self::key_id),
            previous: self.previous.map(Self::key_id).into_iter().collect(),
        }
    }

    fn code(key: u32, binding: &CodeBinding, code: &Code) -> CodeHash {
        let hash = Self::digest(
            "code",
            &[
                &key.to_be_bytes(),
                binding.challenge_id.0.as_bytes(),
                binding.user_id.0.as_bytes(),
                binding.method.as_str().as_bytes(),
                &binding.fingerprint.hash,
                code.expose().as_bytes(),
            ],
        );
        CodeHash { hash, key: Some(Self::key_id(key)) }
    }

    fn destination(key: u32, method: Method, normalized: &str) -> Fingerprint {
        let parts = [&key.to_be_bytes(), method.as_str().as_bytes(), normalized.as_bytes()];
        Fingerprint { hash: Self::digest("destination", &parts), key: Some(Self::key_id(key)) }
    }

    pub(super) fn digest(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut digest = [0; 32];
        for (lane, chunk) in (0_u8..).zip(digest.chunks_exact_mut(8)) {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(lane);
            for part in [purpose.as_bytes()].iter().chain(parts) {
                hasher.write_usize(part.len());
                hasher.write(part);
            }
            chunk.copy_from_slice(&hasher.finish().to_le_bytes());
        }
        digest
    }
}

impl CodeHasher for FakeHasher {
    fn hash(&self, binding: &CodeBinding, code: &Code) -> CodeHash {
        Self::code(self.key, binding, code)
    }

    fn matches(&self, binding: &CodeBinding, code: &Code, hash: &CodeHash) -> bool {
        let mut keys = self.all().filter(|key| hash.key.is_none_or(|id| id == Self::key_id(*key)));
        keys.any(|key| Self::code(key, binding, code).hash == hash.hash)
    }
}

impl Fingerprinter for FakeHasher {
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint {
        Self::destination(self.key, method, normalized)
    }

    fn fingerprints(&self, method: Method, normalized: &str) -> Vec<Fingerprint> {
        self.all().map(|key| Self::destination(key, method, normalized)).collect()
    }

    fn keys(&self) -> KeyIds {
        self.ids()
    }
}

impl CursorSealer for FakeHasher {
    /// A digest, and the bytes as they are.
    fn seal_cursor(&self, plain: &[u8], context: &[u8]) -> Vec<u8> {
        [Self::digest("cursor", &[&self.key.to_be_bytes(), context, plain]).as_slice(), plain].concat()
    }

    fn open_cursor(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (digest, plain) = sealed.split_at_checked(32)?;
        let mut keys = self.all();
        let is_own = keys.any(|key| Self::digest("cursor", &[&key.to_be_bytes(), context, plain]) == digest);
        is_own.then(|| plain.to_vec())
    }
}

impl ApiKeyHasher for FakeHasher {
    fn hash_key(&self, key: &ApiKeyToken) -> ApiKeyHash {
        ApiKeyHash(Self::digest("api key", &[key.as_bytes()]))
    }
}

impl RefreshTokenHasher for FakeHasher {
    fn hash(&self, token: &RefreshToken) -> TokenHash {
        TokenHash(Self::digest("token", &[token.as_bytes()]))
    }

    fn successor(&self, token: &RefreshToken, salt: &SuccessorSalt, key: Option<KeyId>) -> RefreshToken {
        let key = self.all().find(|known| Some(Self::key_id(*known)) == key).unwrap_or(self.key);
        RefreshToken::from_bytes(Self::digest("successor", &[&key.to_be_bytes(), token.as_bytes(), &salt.0]))
    }

    fn key(&self) -> KeyId {
        Self::key_id(self.key)
    }
}
