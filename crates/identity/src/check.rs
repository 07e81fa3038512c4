use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::OidcTokens;
use crate::document::{DEADLINE, DocumentError, fetch_discovery, fetch_key_set};
use crate::jws::Algorithm;

/// How one check of the provider went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, but an operator should know.
    Warning,
    /// Nobody can sign in before this is mended.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `discovery`, `clock` or `keys`.
    pub check: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was found and, unless it is good, what to do. Never holds a secret.
    pub detail: String,
}

/// By how much this machine's clock may differ from the provider's: a token made now must not be one of the future.
const BAD_SKEW: Duration = Duration::from_secs(30);
const NOTABLE_SKEW: Duration = Duration::from_secs(10);

impl OidcTokens {
    /// Looks at all that tokens need: whether the provider's discovery document can be had and is the issuer's, the
    /// clocks, and whether it has keys that can be used. Changes nothing that is kept, and takes at most 10 seconds.
    pub async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let (client, issuer) = (self.keys.client(), self.keys.issuer());
        let slow = |document| DocumentError::Slow(document);
        let discovery = timeout(DEADLINE, fetch_discovery(client, issuer)).await;
        let (url, headers) = match discovery.unwrap_or_else(|_| Err(slow("discovery document"))) {
            Ok(found) => found,
            Err(error) => return vec![Finding::bad("discovery", &error)],
        };
        let mut findings = vec![Finding::good("discovery", "it can be had and is the issuer's".to_owned())];
        findings.extend(clock(&headers, now));
        let fetched = timeout(DEADLINE, fetch_key_set(client, url)).await;
        findings.push(match fetched.unwrap_or_else(|_| Err(slow("key set"))) {
            Ok(fetched) => Finding::good("keys", count(fetched.keys.algorithms())),
            Err(error) => Finding::bad("keys", &error),
        });
        findings
    }
}

impl Finding {
    fn good(check: &'static str, detail: String) -> Self {
        Self { check, verdict: Verdict::Good, detail }
    }

    fn bad(check: &'static str, error: &DocumentError) -> Self {
        let what_to_do = match error {
            DocumentError::OtherIssuer => "set the issuer exactly as the document has it, a slash at its end included",
            DocumentError::Unreachable(..) | DocumentError::Slow(_) => {
                "check its address, and that this machine may call it"
            }
            DocumentError::Status(..) => "check the issuer's address",
            DocumentError::TooLong(_)
            | DocumentError::Malformed(_)
            | DocumentError::UnsafeKeys
            | DocumentError::NoKeys => "the provider's configuration must be mended",
        };
        Self { check, verdict: Verdict::Bad, detail: format!("{error}: {what_to_do}") }
    }
}

/// Compares this machine's time with the `Date` header (RFC 9110, section 6.6.1).
fn clock(headers: &HeaderMap, now: OffsetDateTime) -> Option<Finding> {
    let theirs = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let theirs = theirs.duration_since(UNIX_EPOCH).ok()?;
    let skew = Duration::from_secs(u64::try_from(now.unix_timestamp()).ok()?).abs_diff(theirs);
    let (verdict, advice) = match skew {
        _ if skew > BAD_SKEW => (Verdict::Bad, ": set this machine's time, by NTP"),
        _ if skew > NOTABLE_SKEW => (Verdict::Warning, ": check that NTP runs"),
        _ => (Verdict::Good, ""),
    };
    let detail = format!("differs from the provider's by {} s{advice}", skew.as_secs());
    Some(Finding { check: "clock", verdict, detail })
}

fn count(keys: impl Iterator<Item = Algorithm>) -> String {
    let keys: Vec<_> = keys.collect();
    let of = |algorithm| keys.iter().filter(|key| **key == algorithm).count();
    let kinds = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    let counts = kinds.map(|kind| format!("{} for {}", of(kind), kind.name()));
    format!("{} can be used: {}", keys.len(), counts.join(", "))
}
