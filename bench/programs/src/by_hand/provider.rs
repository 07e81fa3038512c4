//! The identity provider's keys and tokens.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
#[serde(tag = "kty")]
enum Jwk {
    #[serde(rename = "EC")]
    Ec { kid: String, x: String, y: String },
    #[serde(rename = "RSA")]
    Rsa { kid: String, n: String, e: String },
}

/// A key of the provider's.
pub(crate) struct ProviderKey {
    kid: String,
    material: Material,
}

enum Material {
    P256(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl ProviderKey {
    /// Whether this key made the signature.
    pub(crate) fn made(&self, kid: Option<&str>, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
        let good = match (&self.material, algorithm) {
            (Material::P256(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            (Material::Rsa { n, e }, "RS256") => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            _ => false,
        };
        good && kid == Some(&self.kid)
    }
}

/// Asks for the keys, once and for all.
pub(crate) fn fetch(url: &str) -> Result<Vec<ProviderKey>, Box<dyn Error>> {
    let rest = url.strip_prefix("http://").ok_or("the keys' address must be http on this machine")?;
    let (host, path) = rest.split_once('/').ok_or("the keys' address has no path")?;
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the keys' answer has no body")?;
    if head.split(' ').nth(1) != Some("200") {
        return Err("the keys' answer is not 200".into());
    }
    let set: Jwks = serde_json::from_str(body)?;
    set.keys.into_iter().map(key).collect()
}

fn key(jwk: Jwk) -> Result<ProviderKey, Box<dyn Error>> {
    Ok(match jwk {
        Jwk::Ec { kid, x, y } => {
            let point = [vec![4], URL_SAFE_NO_PAD.decode(x)?, URL_SAFE_NO_PAD.decode(y)?].concat();
            ProviderKey { kid, material: Material::P256(point) }
        }
        Jwk::Rsa { kid, n, e } => {
            let material = Material::Rsa { n: URL_SAFE_NO_PAD.decode(n)?, e: URL_SAFE_NO_PAD.decode(e)? };
            ProviderKey { kid, material }
        }
    })
}
