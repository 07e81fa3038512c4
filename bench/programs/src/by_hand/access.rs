//! Who is calling, and the tokens that callers are given.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::problem::Problem;
use crate::provider::ProviderKey;

/// For how many seconds an access token is good.
pub(crate) const ACCESS_SECONDS: i64 = 900;
const AUDIENCES: [&str; 3] = ["muster", "muster-break-glass", "muster-dev"];
const MAX_REMEMBERED: usize = 10_000;

/// What all workers share.
pub(crate) struct Keys {
    own: Ed25519KeyPair,
    kid: String,
    /// The header of the tokens that are made here, ready to be signed.
    header: String,
    issuer: String,
    provider: Vec<ProviderKey>,
}

impl Keys {
    pub(crate) fn read(pem: &str, issuer: String, provider: Vec<ProviderKey>) -> Result<Self, Box<dyn Error>> {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let own = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&STANDARD.decode(body)?);
        let own = own.map_err(|_| "the signing key is no Ed25519 private key")?;
        let x = URL_SAFE_NO_PAD.encode(own.public_key().as_ref());
        let thumbprint = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, thumbprint.as_bytes()));
        let header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid });
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        Ok(Self { own, kid, header, issuer, provider })
    }

    /// An access token for a session.
    pub(crate) fn sign(&self, sub: Uuid, sid: Uuid, now: OffsetDateTime) -> Result<String, Problem> {
        #[derive(Serialize)]
        struct New<'a> {
            iss: &'a str,
            sub: Uuid,
            aud: &'static str,
            iat: i64,
            exp: i64,
            sid: Uuid,
        }
        let iat = now.unix_timestamp();
        let claims = New { iss: &self.issuer, sub, aud: AUDIENCES[0], iat, exp: iat + ACCESS_SECONDS, sid };
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?));
        let signature = self.own.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    aud: Value,
    sid: Option<Uuid>,
    email: Option<String>,
    email_verified: Option<bool>,
    preferred_username: Option<String>,
}

/// Who showed a token.
#[derive(Clone)]
pub(crate) enum Caller {
    /// One of ours.
    Person { id: Uuid, session: Option<Uuid> },
    /// The identity provider's.
    Identity { subject: String, logins: Vec<String> },
}

/// A worker's keys, and which of our own tokens it knows to be genuine.
pub(crate) struct Access {
    pub(crate) keys: Arc<Keys>,
    genuine: RefCell<HashMap<[u8; 32], (Caller, i64, i64)>>,
}

impl Access {
    pub(crate) fn new(keys: Arc<Keys>) -> Self {
        Self { keys, genuine: RefCell::default() }
    }

    pub(crate) fn caller(&self, request: &HttpRequest, now: OffsetDateTime) -> Result<Caller, Problem> {
        let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(Problem::UNAUTHENTICATED)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::UNAUTHENTICATED);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let known = self.genuine.borrow().get(&hash).cloned();
        let (caller, from, until) = match known {
            Some(known) => known,
            None => self.check(token, hash).ok_or(Problem::UNAUTHENTICATED)?,
        };
        if (from..until).contains(&now.unix_timestamp()) { Ok(caller) } else { Err(Problem::UNAUTHENTICATED) }
    }

    /// Whose token it is, from when and until when.
    fn check(&self, token: &str, hash: [u8; 32]) -> Option<(Caller, i64, i64)> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let own = header.alg == "EdDSA";
        let times = (claims.nbf.unwrap_or(i64::MIN), claims.exp);
        let caller = if own {
            let ours = header.typ.as_deref() == Some("at+jwt") && header.kid.as_deref() == Some(&self.keys.kid);
            if !ours || !claims.aud.as_str().is_some_and(|aud| AUDIENCES.contains(&aud)) {
                return None;
            }
            let key = UnparsedPublicKey::new(&ED25519, self.keys.own.public_key());
            key.verify(signed.as_bytes(), &signature).ok()?;
            Caller::Person { id: claims.sub.parse().ok()?, session: claims.sid }
        } else {
            let kid = header.kid.as_deref();
            let made = |key: &ProviderKey| key.made(kid, &header.alg, signed.as_bytes(), &signature);
            self.keys.provider.iter().find(|key| made(key))?;
            let email = claims.email.filter(|_| claims.email_verified != Some(false));
            let logins = [email, claims.preferred_username].into_iter().flatten().map(|login| login.to_lowercase());
            Caller::Identity { subject: claims.sub, logins: logins.collect() }
        };
        let mut genuine = self.genuine.borrow_mut();
        if own {
            if genuine.len() >= MAX_REMEMBERED {
                genuine.clear();
            }
            genuine.insert(hash, (caller.clone(), times.0, times.1));
        }
        Some((caller, times.0, times.1))
    }
}
