//! Keys of a provider (RFC 7517, 7518 and 8037), and what they are good for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::jws::{Absent, Algorithm, Jws, object};

/// The most keys that a set may have; providers have two to ten.
const MAX_KEYS: usize = 64;

/// The keys of a set that signatures can be checked with.
pub(crate) struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    public: PublicKey,
}

enum PublicKey {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    P256(UnparsedPublicKey<Vec<u8>>),
    Ed25519(UnparsedPublicKey<Vec<u8>>),
}

#[derive(Deserialize)]
struct Jwks<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private half: who published it has no secret any more.
    #[serde(default, rename = "d")]
    _d: Absent,
}

impl KeySet {
    /// Reads a set; `None` when it is none or too long. A key that is not understood, cannot sign what is taken here, or
    /// is for another use is passed over (RFC 7517, section 5).
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        let set = object::<Jwks<'_>>(json).filter(|set| set.keys.len() <= MAX_KEYS)?;
        let keys = set.keys.iter().filter_map(|key| object::<Jwk>(key.get().as_bytes()).and_then(Key::from_jwk));
        Some(Self(keys.collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What signatures the keys are for, one by one.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.0.iter().map(|key| key.public.algorithm())
    }

    /// Whether there is a key for a token: of its id and algorithm, and if it names no key, the only one of its
    /// algorithm (OIDC Core 1.0, section 10.1).
    pub(crate) fn has_key_for(&self, jws: &Jws<'_>) -> bool {
        let count = self.candidates(jws).count();
        if jws.key_id().is_some() { count > 0 } else { count == 1 }
    }

    /// Whether a token is signed by the key it should be.
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> bool {
        self.has_key_for(jws) && self.candidates(jws).any(|key| key.public.verify(jws))
    }

    /// The key decides the algorithm, never the token (RFC 8725, section 3.1).
    fn candidates(&self, jws: &Jws<'_>) -> impl Iterator<Item = &Key> {
        let (id, algorithm) = (jws.key_id(), jws.algorithm());
        self.0
            .iter()
            .filter(move |key| key.public.algorithm() == algorithm && (id.is_none() || key.id.as_deref() == id))
    }
}

impl Key {
    fn from_jwk(jwk: Jwk) -> Option<Self> {
        let signs = jwk.r#use.as_deref().is_none_or(|it| it == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|it| it == "verify"));
        let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => PublicKey::rsa(bytes(jwk.n)?, bytes(jwk.e)?)?,
            ("EC", Some("P-256")) => PublicKey::p256(&bytes(jwk.x)?, &bytes(jwk.y)?)?,
            ("OKP", Some("Ed25519")) => PublicKey::ed25519(bytes(jwk.x)?)?,
            _ => return None,
        };
        let agrees = jwk.alg.as_deref().is_none_or(|name| name == public.algorithm().name());
        (signs && agrees).then_some(Self { id: jwk.kid, public })
    }
}

impl PublicKey {
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
        // ring has the same bounds when it verifies; here such a key is not even counted as one.
        let usable = (2048..=8192).contains(&bits) && n[0] != 0 && (1..=4).contains(&e.len()) && e[0] != 0;
        (usable && e.last()? % 2 == 1).then_some(Self::Rsa(RsaPublicKeyComponents { n, e }))
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        let point = [&[4], x, y].concat();
        (x.len() == 32 && y.len() == 32).then_some(Self::P256(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)))
    }

    fn ed25519(x: Vec<u8>) -> Option<Self> {
        (x.len() == 32).then_some(Self::Ed25519(UnparsedPublicKey::new(&ED25519, x)))
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verify(&self, jws: &Jws<'_>) -> bool {
        let (message, signature) = (jws.message().as_bytes(), jws.signature());
        match self {
            Self::Rsa(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok(),
            Self::P256(key) | Self::Ed25519(key) => key.verify(message, signature).is_ok(),
        }
    }
}

fn bytes(text: Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

#[cfg(test)]
mod tests;
