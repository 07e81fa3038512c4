use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderValue;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::settings::{VapidKey, VapidSubject};
use crate::key::SigningFailed;

/// How long a token works; a push service refuses more than 24 hours (RFC 8292, section 2).
const LIFETIME: Duration = Duration::hours(12);
/// How long one is sent again, so that a push service may remember that it checked it.
const REUSED_FOR: Duration = Duration::hours(6);
/// How many are kept. There are a handful of push services; whoever names more gains nothing but signatures.
const KEPT: usize = 64;

/// Tells push services who is sending (RFC 8292).
pub(super) struct Vapid {
    key: VapidKey,
    subject: VapidSubject,
    tokens: Mutex<HashMap<String, Token>>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    made_at: OffsetDateTime,
}

impl Vapid {
    pub(super) fn new(key: VapidKey, subject: VapidSubject) -> Self {
        Self { key, subject, tokens: Mutex::default() }
    }

    /// The `Authorization` header for the push service that an endpoint is of.
    pub(super) fn authorization(&self, endpoint: &Url, now: OffsetDateTime) -> Result<HeaderValue, SigningFailed> {
        let audience = endpoint.origin().ascii_serialization();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(&audience)
            && (token.made_at..token.made_at + REUSED_FOR).contains(&now)
        {
            return Ok(token.header.clone());
        }
        let header = self.sign(&audience, now)?;
        if tokens.len() >= KEPT {
            tokens.clear();
        }
        tokens.insert(audience, Token { header: header.clone(), made_at: now });
        Ok(header)
    }

    /// A new one for a push service, named by its origin.
    pub(super) fn sign(&self, audience: &str, now: OffsetDateTime) -> Result<HeaderValue, SigningFailed> {
        let claims = json!({
            "aud": audience,
            "exp": (now + LIFETIME).unix_timestamp(),
            "sub": self.subject.as_str(),
        });
        let token = self.key.0.token(&json!({ "typ": "JWT", "alg": "ES256" }), &claims)?;
        let header = format!("vapid t={token}, k={}", self.key.application_server_key());
        let mut header = HeaderValue::try_from(header).map_err(|_| SigningFailed)?;
        header.set_sensitive(true);
        Ok(header)
    }
}
