use std::hash::{DefaultHasher, Hasher};

use muster_domain::api_key::{ApiKeyHash, ApiKeyHasher, ApiKeyToken};
use muster_domain::session::{RefreshToken, RefreshTokenHasher, SuccessorSalt, TokenHash};
use muster_domain::verification::{Code, CodeBinding, CodeHash, CodeHasher, Fingerprint, Fingerprinter, Method};

/// Hashes that are quick, repeatable and **without any security**: std's `SipHash` under a fixed key, four times over.
/// It stands in for the keyed hashes of codes, of destinations, of refresh tokens and of API keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakeHasher;

impl FakeHasher {
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
        CodeHash(Self::digest(
            "code",
            &[
                binding.challenge_id.0.as_bytes(),
                binding.user_id.0.as_bytes(),
                binding.method.as_str().as_bytes(),
                &binding.fingerprint.0,
                code.expose().as_bytes(),
            ],
        ))
    }

    fn matches(&self, binding: &CodeBinding, code: &Code, hash: &CodeHash) -> bool {
        CodeHasher::hash(self, binding, code) == *hash
    }
}

impl Fingerprinter for FakeHasher {
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint {
        Fingerprint(Self::digest("destination", &[method.as_str().as_bytes(), normalized.as_bytes()]))
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

    fn successor(&self, token: &RefreshToken, salt: &SuccessorSalt) -> RefreshToken {
        RefreshToken::from_bytes(Self::digest("successor", &[token.as_bytes(), &salt.0]))
    }
}
