//! What a token says, and whether that is for us and now.

use muster_domain::Text;
use muster_domain::access::Identity;
use muster_domain::user::{EmailAddress, fold};
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::jws::object;

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
    #[serde(default)]
    iss: Value,
    #[serde(default)]
    sub: Value,
    #[serde(default)]
    aud: Value,
    /// Whole seconds: a fraction, a text or an instant beyond the year 9999 is refused.
    #[serde(deserialize_with = "instant")]
    exp: OffsetDateTime,
    #[serde(default, deserialize_with = "given_instant")]
    nbf: Option<OffsetDateTime>,
    #[serde(default, deserialize_with = "given_instant")]
    iat: Option<OffsetDateTime>,
    /// Security events, logout tokens among them, have the form of a token and grant nothing (RFC 8417).
    #[serde(default, deserialize_with = "present")]
    events: bool,
    // One of an unexpected type is as if it were not there.
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    preferred_username: Value,
    #[serde(default)]
    name: Value,
}

/// What a provider says of a person beside their id (OIDC Core 1.0, section 5.1).
pub(crate) struct Names {
    pub(crate) email: Value,
    pub(crate) email_verified: Value,
    pub(crate) preferred_username: Value,
    pub(crate) name: Value,
}

impl Claims {
    /// Reads a token's payload.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        object(json)
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.iss.as_str()
    }

    /// For whom the token was made; `None` when that cannot be read.
    pub(crate) fn audiences(&self) -> Option<Vec<&str>> {
        match &self.aud {
            Value::String(one) => Some(vec![one]),
            Value::Array(many) => many.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }

    /// The provider's id of the person, if it is safe to keep.
    pub(crate) fn subject(&self) -> Option<&str> {
        subject(&self.sub)
    }

    pub(crate) fn expires_at(&self) -> OffsetDateTime {
        self.exp
    }

    /// From when the token is good, if it says so.
    pub(crate) fn begins_at(&self) -> Option<OffsetDateTime> {
        self.nbf.max(self.iat)
    }

    pub(crate) fn has_begun(&self, now: OffsetDateTime) -> bool {
        self.begins_at().is_none_or(|at| at <= now + LEEWAY)
    }

    /// Whether it is a security event and no token to sign in with.
    pub(crate) fn is_event(&self) -> bool {
        self.events
    }

    /// Whether the token has an address and says that it is not verified.
    pub(crate) fn has_unverified_address(&self) -> bool {
        self.email.is_string() && !is_verified(&self.email_verified)
    }

    /// Whom the token names; `None` without a subject that is safe to keep.
    pub(crate) fn into_identity(self) -> Option<Identity> {
        let (issuer, subject) = (self.issuer()?.to_owned(), self.subject()?.to_owned());
        let Self { email, email_verified, preferred_username, name, iat, .. } = self;
        Some(Names { email, email_verified, preferred_username, name }.into_identity(issuer, subject, iat))
    }
}

impl Names {
    /// The person of that id under these names, by a token that was made at `issued_at`.
    pub(crate) fn into_identity(self, issuer: String, subject: String, issued_at: Option<OffsetDateTime>) -> Identity {
        let verified = is_verified(&self.email_verified);
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
            issuer,
            subject,
            email: email.and_then(|email| EmailAddress::parse(&email).ok()),
            logins,
            display_name: text::<MAX_DISPLAY_NAME>(&self.name),
            issued_at,
        }
    }
}

/// Whether an address counts by its `email_verified`: unless that is there and not true.
fn is_verified(said: &Value) -> bool {
    match said {
        Value::Null => true,
        Value::Bool(verified) => *verified,
        // Some providers write it as a text.
        other => other == "true",
    }
}

/// A subject that is safe to keep as it is.
pub(crate) fn subject(value: &Value) -> Option<&str> {
    let said = value.as_str()?;
    Text::<MAX_NAME>::parse(said).is_ok_and(|text| text.as_str() == said).then_some(said)
}

/// A text that is safe to keep.
fn text<const MAX: usize>(value: &Value) -> Option<String> {
    Text::<MAX>::parse(value.as_str()?).ok().map(String::from)
}

fn instant<'de, D: Deserializer<'de>>(claim: D) -> Result<OffsetDateTime, D::Error> {
    OffsetDateTime::from_unix_timestamp(i64::deserialize(claim)?).map_err(D::Error::custom)
}

fn given_instant<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<OffsetDateTime>, D::Error> {
    instant(claim).map(Some)
}

fn present<'de, D: Deserializer<'de>>(claim: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(claim).map(|_| true)
}

#[cfg(test)]
mod tests;
