//! What a provider publishes about itself: the discovery document and the key set, fetched with bounds on everything.

use std::time::Duration;

use muster_outbound::traced;
use reqwest::header::{CACHE_CONTROL, DATE, HeaderMap};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use crate::algorithm::taken;
use crate::jwk::KeySet;
use crate::jws::object;
use crate::settings::Issuer;

/// How long both documents together may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// The largest document that is read, in bytes; Entra's keys with their certificates are 20 KiB.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// How long keys are fresh when their document does not say, and the bounds of what it may say.
const FRESH: Duration = Duration::from_mins(10);
const FRESH_AT_LEAST: Duration = Duration::from_mins(1);
const FRESH_AT_MOST: Duration = Duration::from_hours(1);

/// Why a provider's keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("the {0} could not be fetched")]
    Unreachable(&'static str, #[source] reqwest::Error),
    #[error("the {0} did not come within {seconds} s", seconds = DEADLINE.as_secs())]
    Slow(&'static str),
    #[error("the {0} was answered with status {1}")]
    Status(&'static str, u16),
    #[error("the {0} is longer than {MAX_BYTES} bytes")]
    TooLong(&'static str),
    #[error("the {0} is not the JSON that it should be")]
    Malformed(&'static str),
    #[error("the discovery document names another issuer, {0}")]
    OtherIssuer(String),
    #[error("the discovery document names no jwks_uri")]
    NoKeysAddress,
    #[error("the discovery document's jwks_uri is no plain https address")]
    UnsafeKeys,
    #[error("the key set has no key for {}, with RSA of 2048 bits or more", taken())]
    NoKeys,
}

/// How many characters of others' text are shown, and how many names of algorithms.
const MAX_SHOWN: usize = 200;
const MAX_ALGORITHMS: usize = 50;

/// The names of the documents in messages.
const DISCOVERY: &str = "discovery document";
const KEY_SET: &str = "key set";

/// What is read of a discovery document (OIDC Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Option<String>,
    // What is no list of names, or no address, is as if it were not there: sign-in does not need it.
    #[serde(default)]
    userinfo_endpoint: Value,
    #[serde(default)]
    id_token_signing_alg_values_supported: Value,
}

/// What a discovery document says.
pub(crate) struct Discovered {
    /// Where the keys are.
    pub(crate) keys: Url,
    /// Where the provider tells of people, when that is a safe address.
    pub(crate) userinfo: Option<Url>,
    /// With which algorithms it says that it signs ID tokens; `None` when it does not say.
    pub(crate) algorithms: Option<Vec<String>>,
    /// The `Date` that it came with.
    pub(crate) date: Option<String>,
}

/// A provider's keys and how long they need not be asked for again.
pub(crate) struct Fetched {
    pub(crate) keys: KeySet,
    pub(crate) userinfo: Option<Url>,
    pub(crate) fresh_for: Duration,
}

/// Fetches a provider's keys by way of its discovery document.
pub(crate) async fn fetch_keys(client: &Client, issuer: &Issuer) -> Result<Fetched, DocumentError> {
    let both = async {
        let discovered = fetch_discovery(client, issuer).await?;
        let (keys, fresh_for) = fetch_key_set(client, discovered.keys).await?;
        Ok(Fetched { keys, userinfo: discovered.userinfo, fresh_for })
    };
    timeout(DEADLINE, both).await.unwrap_or(Err(DocumentError::Slow("keys")))
}

/// What the provider says of itself.
pub(crate) async fn fetch_discovery(client: &Client, issuer: &Issuer) -> Result<Discovered, DocumentError> {
    let (headers, body) = get(client, &issuer.discovery_url(), DISCOVERY).await?;
    let discovery = object::<Discovery>(&body).ok_or(DocumentError::Malformed(DISCOVERY))?;
    // Byte by byte: section 4.3.
    if discovery.issuer != issuer.as_str() {
        return Err(DocumentError::OtherIssuer(shown(&discovery.issuer)));
    }
    let address = |text: &str| Url::parse(text).ok().filter(|url| issuer.may_be_called_at(url));
    let keys = discovery.jwks_uri.ok_or(DocumentError::NoKeysAddress)?;
    let names = |value: &Value| value.as_str().map(shown);
    Ok(Discovered {
        keys: address(&keys).ok_or(DocumentError::UnsafeKeys)?,
        userinfo: discovery.userinfo_endpoint.as_str().and_then(address),
        algorithms: discovery
            .id_token_signing_alg_values_supported
            .as_array()
            .map(|list| list.iter().filter_map(names).take(MAX_ALGORITHMS).collect()),
        date: headers.get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned),
    })
}

/// The keys at an address, and for how long they are fresh. A set without a usable key is an error: no provider means to
/// lock all people out.
pub(crate) async fn fetch_key_set(client: &Client, url: Url) -> Result<(KeySet, Duration), DocumentError> {
    let (headers, body) = get(client, url.as_str(), KEY_SET).await?;
    let keys = KeySet::parse(&body).ok_or(DocumentError::Malformed(KEY_SET))?;
    if keys.is_empty() {
        return Err(DocumentError::NoKeys);
    }
    Ok((keys, fresh_for(&headers)))
}

/// Text of others as messages show it: in quotes, escaped, and of a bounded length.
pub(crate) fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_SHOWN).collect();
    let more = if text.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
    format!("{start:?}{more}")
}

async fn get(client: &Client, url: &str, document: &'static str) -> Result<(HeaderMap, Vec<u8>), DocumentError> {
    let unreachable = |error: reqwest::Error| DocumentError::Unreachable(document, error.without_url());
    let mut response = traced(client.get(url)).timeout(DEADLINE).send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(DocumentError::Status(document, response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(DocumentError::TooLong(document));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.headers().clone(), body))
}

/// How long a document is fresh by its `Cache-Control` (RFC 9111, section 5.2.2), within bounds.
fn fresh_for(headers: &HeaderMap) -> Duration {
    let said = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut fresh = FRESH;
    for directive in said.flat_map(|value| value.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return FRESH_AT_LEAST,
            "max-age" => fresh = value.trim().trim_matches('"').parse().map_or(fresh, Duration::from_secs),
            _ => {}
        }
    }
    fresh.clamp(FRESH_AT_LEAST, FRESH_AT_MOST)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", 600)]
    #[case("public, max-age=900", 900)]
    #[case("Max-Age=\"900\"", 900)]
    #[case("max-age=5", 60)]
    #[case("max-age=86400, private", 3600)]
    #[case("max-age=-1", 600)]
    #[case("max-age=99999999999999999999999", 600)]
    #[case("max-age=900, no-cache", 60)]
    #[case("no-store", 60)]
    fn freshness_is_what_the_document_says_within_bounds(#[case] header: &'static str, #[case] seconds: u64) {
        let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(header))]);
        assert_eq!(fresh_for(&headers), Duration::from_secs(seconds));
    }
}
