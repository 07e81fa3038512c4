use std::time::Duration;

use muster_outbound::{Finding, clock_finding};
use reqwest::header::DATE;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::OidcTokens;
use crate::document::{DEADLINE, DocumentError, fetch_discovery, fetch_key_set};
use crate::jws::Algorithm;

/// By how much this machine's clock may differ from the provider's: a token made now must not be one of the future.
const BORNE_SKEW: Duration = Duration::from_secs(30);

impl OidcTokens {
    /// Looks at all that tokens need: whether the provider's discovery document can be had and is the issuer's, the
    /// clocks, and whether it has keys that can be used. Changes nothing that is kept, and takes at most 10 seconds.
    pub async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let (client, issuer) = (self.keys.client(), self.keys.issuer());
        let slow = |document| DocumentError::Slow(document);
        let discovery = timeout(DEADLINE, fetch_discovery(client, issuer)).await;
        let (url, headers) = match discovery.unwrap_or_else(|_| Err(slow("discovery document"))) {
            Ok(found) => found,
            Err(error) => return vec![bad("discovery", &error)],
        };
        let mut findings = vec![Finding::good("discovery", "it can be had and is the issuer's")];
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        findings.extend(date.and_then(|date| clock_finding(date, now, BORNE_SKEW)));
        let fetched = timeout(DEADLINE, fetch_key_set(client, url)).await;
        findings.push(match fetched.unwrap_or_else(|_| Err(slow("key set"))) {
            Ok(fetched) => Finding::good("keys", count(fetched.keys.algorithms())),
            Err(error) => bad("keys", &error),
        });
        findings
    }
}

fn bad(check: &'static str, error: &DocumentError) -> Finding {
    let what_to_do = match error {
        DocumentError::OtherIssuer => "set the issuer exactly as the document has it, a slash at its end included",
        DocumentError::Unreachable(..) | DocumentError::Slow(_) => {
            "check its address, and that this machine may call it"
        }
        DocumentError::Status(..) => "check the issuer's address",
        DocumentError::TooLong(_) | DocumentError::Malformed(_) | DocumentError::UnsafeKeys | DocumentError::NoKeys => {
            "the provider's configuration must be mended"
        }
    };
    Finding::bad(check, format!("{error}: {what_to_do}"))
}

fn count(keys: impl Iterator<Item = Algorithm>) -> String {
    let keys: Vec<_> = keys.collect();
    let of = |algorithm| keys.iter().filter(|key| **key == algorithm).count();
    let kinds = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    let counts = kinds.map(|kind| format!("{} for {}", of(kind), kind.name()));
    format!("{} can be used: {}", keys.len(), counts.join(", "))
}
