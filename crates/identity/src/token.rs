//! What a token says, and whether that is for us and now.

use muster_domain::Text;
use muster_domain::access::Identity;
use muster_domain::user::{EmailAddress, fold};
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::jws::{Absent, given, object};

/// How much a provider's clock may be ahead of ours. Expiry has no leeway.
const LEEWAY: Duration = Duration::seconds(30);
/// The most characters of a subject (OIDC Core 1.0, section 2) and of a user name.
const MAX_NAME: usize = 255;
/// The most characters of a name to show, as in the directory.
const MAX_DISPLAY_NAME: usize = 400;

/// The claims that are read (RFC 7519, section 4.1; OIDC Core 1.0, section 5.1). `azp` is not: in an access
/// token it names the client that asked for it, which is never us, whatever else is in `aud`.
#[derive(Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    // Whole seconds: a fraction, a text or more than 64 bits is refused.
    exp: i64,
    #[serde(default, deserialize_with = "given")]
    nbf: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    iat: Option<i64>,
    /// Security events, logout tokens among them, have the form of a token and grant nothing (RFC 8417).
    #[serde(default, rename = "events")]
    _events: Absent,
    // Names are wishes: one of an unexpected type is as if it were not there.
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    preferred_username: Value,
    #[serde(default)]
    name: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// Reads a token's payload.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        object(json)
    }

    /// When the token is over, if the issuer made it for `audience`, it names somebody, and `now` is within its time.
    pub(crate) fn check(&self, issuer: &str, audience: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let instant = |seconds| OffsetDateTime::from_unix_timestamp(seconds).ok();
        let is_for_us = match &self.aud {
            Audiences::One(one) => one == audience,
            Audiences::Many(many) => many.iter().any(|one| one == audience),
        };
        let names_somebody = Text::<MAX_NAME>::parse(&self.sub).is_ok_and(|subject| subject.as_str() == self.sub);
        let has_begun = |at: Option<i64>| at.is_none_or(|at| instant(at).is_some_and(|at| at <= now + LEEWAY));
        let expires_at = instant(self.exp)?;
        let is_good = self.iss == issuer
            && is_for_us
            && names_somebody
            && has_begun(self.nbf)
            && has_begun(self.iat)
            && now < expires_at;
        is_good.then_some(expires_at)
    }

    /// Whom the token names.
    pub(crate) fn into_identity(self) -> Identity {
        let verified = match &self.email_verified {
            Value::Null => true,
            Value::Bool(verified) => *verified,
            // Some providers write it as a text.
            other => other == "true",
        };
        let said = text::<MAX_NAME>(&self.email);
        let unverified = said.as_deref().filter(|_| !verified).map(fold);
        let preferred = text::<MAX_NAME>(&self.preferred_username);
        let email = said.filter(|_| verified);
        let mut logins: Vec<String> = email.iter().cloned().collect();
        // An address that is not verified as an e-mail address is no better as a name.
        let known =
            |name: &str| unverified.as_deref() == Some(name) || email.as_deref().map(fold).as_deref() == Some(name);
        logins.extend(preferred.filter(|name| !known(&fold(name))));
        Identity {
            issuer: self.iss,
            subject: self.sub,
            email: email.and_then(|email| EmailAddress::parse(&email).ok()),
            logins,
            display_name: text::<MAX_DISPLAY_NAME>(&self.name),
            issued_at: self.iat.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
        }
    }
}

/// A text that is safe to keep.
fn text<const MAX: usize>(value: &Value) -> Option<String> {
    Text::<MAX>::parse(value.as_str()?).ok().map(String::from)
}

#[cfg(test)]
mod tests;
