use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

/// How a token must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// By a key of P-256; its public half is an uncompressed point.
    Es256,
    /// By an RSA key; its public half is DER as in PKCS#1.
    Rs256,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
}

/// Reads a token in compact form if it is signed as it must be.
#[must_use]
pub fn verified_claims(token: &str, algorithm: Algorithm, public: &[u8]) -> Option<Claims> {
    let (name, verification): (_, &dyn VerificationAlgorithm) = match algorithm {
        Algorithm::Es256 => ("ES256", &ECDSA_P256_SHA256_FIXED),
        Algorithm::Rs256 => ("RS256", &RSA_PKCS1_2048_8192_SHA256),
    };
    let (message, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(verification, public).verify(message.as_bytes(), &signature).ok()?;
    let (header, claims) = message.split_once('.')?;
    let json = |part| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let read = Claims { header: json(header)?, claims: json(claims)? };
    (read.header["alg"] == name).then_some(read)
}

/// A token's header, whoever signed it.
#[must_use]
pub fn token_header(token: &str) -> Value {
    let header = token.split('.').next().unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}
