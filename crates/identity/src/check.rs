use std::time::Duration;

use muster_outbound::{Finding, clock_finding};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::OidcTokens;
use crate::algorithm::{Algorithm, taken};
use crate::document::{DEADLINE, Discovered, DocumentError, fetch_discovery, fetch_key_set};
use crate::jwk::KeySet;

/// By how much this machine's clock may differ from the provider's: a token made now must not be one of the future.
const BORNE_SKEW: Duration = Duration::from_secs(30);

impl OidcTokens {
    /// Looks at all that tokens need: whether the provider's discovery document can be had and is the issuer's, the
    /// clocks, what it signs with, whether it has keys that can be used, and whether it has userinfo. Changes nothing that
    /// is kept, and takes at most 10 seconds.
    pub async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let (client, issuer) = (self.keys.client(), self.keys.issuer());
        let slow = |document| DocumentError::Slow(document);
        let discovery = timeout(DEADLINE, fetch_discovery(client, issuer)).await;
        let discovered = match discovery.unwrap_or_else(|_| Err(slow("discovery document"))) {
            Ok(discovered) => discovered,
            Err(error) => return vec![bad("discovery", &error)],
        };
        let mut findings = vec![Finding::good("discovery", "it can be had and is the issuer's")];
        findings.extend(discovered.date.as_deref().and_then(|date| clock_finding(date, now, BORNE_SKEW)));
        findings.push(algorithms(&discovered));
        let userinfo = userinfo(&discovered, self.asks_userinfo());
        let fetched = timeout(DEADLINE, fetch_key_set(client, discovered.keys)).await;
        findings.push(match fetched.unwrap_or_else(|_| Err(slow("key set"))) {
            Ok((keys, _)) => Finding::good("keys", count(&keys)),
            Err(error) => bad("keys", &error),
        });
        findings.extend(userinfo);
        findings
    }
}

/// What the provider says that it signs ID tokens with, compared with what is taken. Most choose for each client.
fn algorithms(discovered: &Discovered) -> Finding {
    let Some(names) = &discovered.algorithms else {
        let missing = "the discovery document does not say with which (id_token_signing_alg_values_supported)";
        return Finding::warning("algorithms", format!("{missing}: see that it is one of {}", taken()));
    };
    let (good, other): (Vec<_>, Vec<_>) =
        names.iter().map(|name| name.trim_matches('"')).partition(|name| Algorithm::from_name(name).is_some());
    match (good.as_slice(), other.as_slice()) {
        (_, []) if !good.is_empty() => Finding::good("algorithms", format!("it signs with {}", good.join(", "))),
        ([], _) => Finding::bad(
            "algorithms",
            format!(
                "it signs with {} alone, which Muster does not take: have it sign with one of {}",
                other.join(", "),
                taken()
            ),
        ),
        _ => Finding::warning(
            "algorithms",
            format!(
                "it may sign with {}, which Muster does not take: see that the client's tokens are signed with {}",
                other.join(", "),
                good.join(", ")
            ),
        ),
    }
}

fn userinfo(discovered: &Discovered, asked: bool) -> Option<Finding> {
    match (asked, &discovered.userinfo) {
        (false, _) => None,
        (true, Some(_)) => Some(Finding::good("userinfo", "is asked for the names of people whose tokens have none")),
        (true, None) => Some(Finding::warning(
            "userinfo",
            "the discovery document names no https userinfo_endpoint: people must be known by externalId, or their \
             tokens must have email or preferred_username",
        )),
    }
}

fn bad(check: &'static str, error: &DocumentError) -> Finding {
    let what_to_do = match error {
        DocumentError::OtherIssuer(_) => {
            "set MUSTER_OIDC_ISSUER exactly as the document has it, a slash at its end included"
        }
        DocumentError::Unreachable(..) | DocumentError::Slow(_) => {
            "check its address, and that this machine may call it"
        }
        DocumentError::Status(..) => "check the issuer's address",
        DocumentError::TooLong(_)
        | DocumentError::Malformed(_)
        | DocumentError::NoKeysAddress
        | DocumentError::UnsafeKeys
        | DocumentError::NoKeys => "the provider's configuration must be mended",
    };
    Finding::bad(check, format!("{error}: {what_to_do}"))
}

/// How many keys there are for what. An RSA key that names no algorithm counts for each of RSA's.
fn count(keys: &KeySet) -> String {
    let counts: Vec<_> = Algorithm::ALL
        .into_iter()
        .map(|algorithm| (keys.count(algorithm), algorithm.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} for {name}"))
        .collect();
    let usable = keys.ids().count();
    let rest = match keys.passed_over() {
        0 => String::new(),
        rest => format!("; {rest} cannot"),
    };
    format!("{usable} can be used: {}{rest}", counts.join(", "))
}
