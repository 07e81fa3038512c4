//! Tokens in compact form (RFC 7515), read but not yet believed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::algorithm::Algorithm;

/// The longest token that is read, in bytes: one of Entra's with 200 groups has 12 KiB.
pub(crate) const MAX_BYTES: usize = 16 * 1024;

/// A header, as far as it is read. A key in it (`jwk`, `jku`, `x5c`, `x5u`) is not: keys come from the issuer alone.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "given")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "given")]
    typ: Option<String>,
    /// What a token with these says, the plain rules do not tell: extensions that must be understood (RFC 7515), an
    /// unencoded payload (RFC 7797), encryption and compression (RFC 7516), a token in the token (RFC 7519).
    #[serde(default, rename = "crit")]
    _crit: Absent,
    #[serde(default, rename = "b64")]
    _b64: Absent,
    #[serde(default, rename = "enc")]
    _enc: Absent,
    #[serde(default, rename = "zip")]
    _zip: Absent,
    #[serde(default, rename = "cty")]
    _cty: Absent,
}

/// A token taken apart.
pub(crate) struct Jws<'a> {
    header: Header,
    message: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart if it is a signed one, by whatever algorithm.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.').filter(|_| token.len() <= MAX_BYTES)?;
        // Another dot would be in the payload, where it is no base64url.
        let (header, payload) = message.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = object::<Header>(&decode(header)?)?;
        Some(Self { header, message, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// Whether it may be an access token or an ID token. A media type in any case, with or without its `application/`
    /// (RFC 7515, section 4.1.9; RFC 9068, section 2.1). A token that says that it is something else, a logout token for
    /// example, is refused (RFC 8725, section 3.11).
    pub(crate) fn has_right_type(&self) -> bool {
        self.header.typ.as_deref().is_none_or(|typ| {
            let typ = typ.to_ascii_lowercase();
            matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
        })
    }

    /// What it says that it is signed with.
    pub(crate) fn algorithm_name(&self) -> &str {
        &self.header.alg
    }

    /// The same, if it is taken.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::from_name(&self.header.alg)
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What is signed.
    pub(crate) fn message(&self) -> &'a str {
        self.message
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Reads a JSON object into a struct: a repeated member is an error. serde would take an array for a struct too.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let begins = json.iter().find(|byte| !byte.is_ascii_whitespace());
    begins.filter(|byte| **byte == b'{').and_then(|_| serde_json::from_slice(json).ok())
}

/// For a member that may be left out but not be null.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(member: D) -> Result<Option<T>, D::Error> {
    T::deserialize(member).map(Some)
}

/// A member with which the whole is refused, whatever its value.
#[derive(Default)]
pub(crate) struct Absent;

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("must not be there"))
    }
}
