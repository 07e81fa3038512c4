//! Keys of a provider (RFC 7517, 7518 and 8037), and what they are good for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::algorithm::{Algorithm, Scheme};
use crate::jws::{Absent, Jws, object};

/// The most keys that a set may have; providers have two to ten.
const MAX_KEYS: usize = 64;

/// How many zero bytes may be missing at the start of a coordinate. That more are needed is less likely than 1 in 2^32.
const MOST_MISSING_ZEROS: usize = 4;

/// The keys of a set that signatures can be checked with.
pub(crate) struct KeySet {
    keys: Vec<Key>,
    passed_over: usize,
}

struct Key {
    id: Option<String>,
    /// The one algorithm that the key is for, if it says so (`alg`).
    algorithm: Option<Algorithm>,
    public: PublicKey,
}

enum PublicKey {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// A point, uncompressed (SEC 1, section 2.3.3).
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
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
    /// The private half: a key that was published with it is no secret any more.
    #[serde(default, rename = "d")]
    _d: Absent,
}

impl KeySet {
    /// Reads a set; `None` when it is none or too long. A key that is not understood, cannot sign what is taken here, or
    /// is for another use is passed over (RFC 7517, section 5).
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        let set = object::<Jwks<'_>>(json).filter(|set| set.keys.len() <= MAX_KEYS)?;
        let keys = set.keys.iter().filter_map(|key| object::<Jwk>(key.get().as_bytes()).and_then(Key::from_jwk));
        let keys: Vec<_> = keys.collect();
        Some(Self { passed_over: set.keys.len() - keys.len(), keys })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys cannot be used.
    pub(crate) fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// How many keys take an algorithm.
    pub(crate) fn count(&self, algorithm: Algorithm) -> usize {
        self.keys.iter().filter(|key| key.takes(algorithm)).count()
    }

    /// The ids of the keys, one by one.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.keys.iter().map(|key| key.id.as_deref())
    }

    /// Whether there is a key for a token: of its id and algorithm, and if it names no key, the only one of its
    /// algorithm (OIDC Core 1.0, section 10.1).
    pub(crate) fn has_key_for(&self, jws: &Jws<'_>) -> bool {
        let count = self.candidates(jws).count();
        if jws.key_id().is_some() { count > 0 } else { count == 1 }
    }

    /// Whether a token is signed by the key it should be.
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> bool {
        let Some(algorithm) = jws.algorithm() else { return false };
        self.has_key_for(jws) && self.candidates(jws).any(|key| key.public.verify(algorithm, jws))
    }

    /// The key decides which algorithms it takes, never the token (RFC 8725, section 3.1).
    fn candidates(&self, jws: &Jws<'_>) -> impl Iterator<Item = &Key> {
        let (id, algorithm) = (jws.key_id(), jws.algorithm());
        self.keys.iter().filter(move |key| {
            algorithm.is_some_and(|algorithm| key.takes(algorithm)) && (id.is_none() || key.id.as_deref() == id)
        })
    }
}

impl Key {
    fn from_jwk(jwk: Jwk) -> Option<Self> {
        let signs = jwk.r#use.as_deref().is_none_or(|it| it == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|it| it == "verify"));
        let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => PublicKey::rsa(bytes(jwk.n)?, bytes(jwk.e)?)?,
            ("EC", Some("P-256")) => PublicKey::P256(point::<32>(&bytes(jwk.x)?, &bytes(jwk.y)?)?),
            ("EC", Some("P-384")) => PublicKey::P384(point::<48>(&bytes(jwk.x)?, &bytes(jwk.y)?)?),
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes(jwk.x).filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let algorithm = match jwk.alg.as_deref() {
            Some(name) => Some(Algorithm::from_name(name).filter(|algorithm| public.fits(*algorithm))?),
            None => None,
        };
        signs.then_some(Self { id: jwk.kid, algorithm, public })
    }

    /// Whether signatures of an algorithm are checked with it: the one that it names, else each that its type and curve
    /// have. An RSA key that names none takes RS and PS: Entra's and others' name none.
    fn takes(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && self.public.fits(algorithm)
    }
}

impl PublicKey {
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
        // ring has the same bounds when it verifies; here such a key is not even counted as one.
        let usable = (2048..=8192).contains(&bits) && n[0] != 0 && (1..=4).contains(&e.len()) && e[0] != 0;
        (usable && e.last()? % 2 == 1).then_some(Self::Rsa(RsaPublicKeyComponents { n, e }))
    }

    /// Whether the key's type and curve are the algorithm's (RFC 7518, sections 3.3 to 3.5; RFC 8037, section 3.1).
    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa(_) => matches!(algorithm.scheme(), Scheme::Rsa(_)),
            Self::P256(_) => algorithm == Algorithm::Es256,
            Self::P384(_) => algorithm == Algorithm::Es384,
            Self::Ed25519(_) => algorithm == Algorithm::EdDsa,
        }
    }

    fn verify(&self, algorithm: Algorithm, jws: &Jws<'_>) -> bool {
        let (message, signature) = (jws.message().as_bytes(), jws.signature());
        match (self, algorithm.scheme()) {
            (Self::Rsa(key), Scheme::Rsa(parameters)) => key.verify(parameters, message, signature).is_ok(),
            (Self::P256(key) | Self::P384(key), Scheme::Ecdsa(curve)) if self.fits(algorithm) => {
                UnparsedPublicKey::new(curve, key).verify(message, signature).is_ok()
            }
            (Self::Ed25519(key), Scheme::Ed25519(curve)) => {
                UnparsedPublicKey::new(curve, key).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// A point, uncompressed, of two coordinates.
fn point<const LENGTH: usize>(x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    Some([[4].as_slice(), &coordinate::<LENGTH>(x)?, &coordinate::<LENGTH>(y)?].concat())
}

/// A coordinate in its whole length (RFC 7518, section 6.2.1.2). Glewlwyd's library leaves out zero bytes at its start, so
/// one key in 128 is short by a byte.
fn coordinate<const LENGTH: usize>(bytes: &[u8]) -> Option<[u8; LENGTH]> {
    let zeros = LENGTH.checked_sub(bytes.len()).filter(|zeros| *zeros <= MOST_MISSING_ZEROS)?;
    let mut whole = [0; LENGTH];
    whole[zeros..].copy_from_slice(bytes);
    Some(whole)
}

fn bytes(text: Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

#[cfg(test)]
mod tests;
