use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToSec1Point;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use zeroize::Zeroizing;

/// Why a text is not the private key that a service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// There is no PEM block of a private key in it.
    #[error("holds no private key in PEM: it must begin with -----BEGIN PRIVATE KEY-----")]
    NotPem,
    /// An EC key in the older form that names itself so.
    #[error("is an EC PRIVATE KEY: turn it into PKCS#8 with `openssl pkcs8 -topk8 -nocrypt`")]
    NotPkcs8,
    /// A key, but not for ES256.
    #[error("must be a key of the curve P-256, with its public half")]
    NotP256,
    /// A key, but not for RS256.
    #[error("must be an RSA key of 2048 to 4096 bits")]
    NotRsa,
}

/// Nothing could be signed, which happens only when the system gives no randomness.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("could not sign a token")]
pub(crate) struct SigningFailed;

impl From<Unspecified> for SigningFailed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// Signs tokens by ES256 (RFC 7518, section 3.4).
pub(crate) struct Es256Key(EcdsaKeyPair);

impl Es256Key {
    /// The key of that private scalar. Its public half is computed, which ring has no way to ask for.
    pub(crate) fn from_scalar(scalar: &[u8]) -> Result<Self, InvalidKey> {
        let secret = p256::SecretKey::from_slice(scalar).map_err(|_| InvalidKey::NotP256)?;
        let public = secret.public_key().to_sec1_point(false);
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            scalar,
            public.as_bytes(),
            &SystemRandom::new(),
        );
        pair.map(Self).map_err(|_| InvalidKey::NotP256)
    }

    /// The key in a PEM file, as PKCS#8 (RFC 5958).
    pub(crate) fn from_pem(text: &str) -> Result<Self, InvalidKey> {
        let der = Zeroizing::new(private_key(text)?);
        match &*der {
            PrivateKeyDer::Pkcs8(key) => {
                let rng = SystemRandom::new();
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der(), &rng);
                pair.map(Self).map_err(|_| InvalidKey::NotP256)
            }
            PrivateKeyDer::Sec1(_) => Err(InvalidKey::NotPkcs8),
            _ => Err(InvalidKey::NotP256),
        }
    }

    /// Its public half, as an uncompressed point.
    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// A token of that header and those claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> Result<String, SigningFailed> {
        compact(header, claims, |message| Ok(self.0.sign(&SystemRandom::new(), message)?.as_ref().to_vec()))
    }
}

/// Signs tokens by RS256 (RFC 7518, section 3.3).
pub(crate) struct Rs256Key(RsaKeyPair);

impl Rs256Key {
    /// The key in a PEM file, as PKCS#8 or PKCS#1.
    pub(crate) fn from_pem(text: &str) -> Result<Self, InvalidKey> {
        let der = Zeroizing::new(private_key(text)?);
        let pair = match &*der {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(InvalidKey::NotRsa),
        };
        pair.map(Self).map_err(|_| InvalidKey::NotRsa)
    }

    /// A token of that header and those claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> Result<String, SigningFailed> {
        compact(header, claims, |message| {
            let mut signature = vec![0; self.0.public().modulus_len()];
            self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
            Ok(signature)
        })
    }
}

fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, InvalidKey> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| InvalidKey::NotPem)
}

/// A signed token in its compact form (RFC 7515, section 3.1).
fn compact(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Unspecified>,
) -> Result<String, SigningFailed> {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let signature = sign(message.as_bytes())?;
    Ok(format!("{message}.{}", encode(&signature)))
}
