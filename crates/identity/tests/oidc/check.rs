//! What `muster doctor` is told.

use muster_outbound::{Finding, Verdict};
use muster_testkit_providers::OidcProvider;
use serde_json::json;
use time::Duration;

use crate::issuer::{DISCOVERY, KEYS, NOW, TestIssuer, Told, tokens_of};
use crate::signer::Signer;

fn verdicts(findings: &[Finding]) -> Vec<(&'static str, Verdict)> {
    findings.iter().map(|finding| (finding.check, finding.verdict)).collect()
}

#[tokio::test]
async fn independent_provider_is_good() {
    let provider = OidcProvider::start().await;
    provider.add_key("RS256", "first").await;
    let now = provider.token("first", json!({}), json!({})).await.at;
    let now = time::OffsetDateTime::from_unix_timestamp(now).unwrap();
    let findings = tokens_of(&provider.issuer()).check(now).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Good), ("clock", Verdict::Good), ("keys", Verdict::Good)]);
    assert_eq!(findings[2].detail, "1 can be used: 1 for RS256, 0 for ES256, 0 for EdDSA");
    let findings = tokens_of(&format!("{}/", provider.issuer())).check(now).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Bad)]);
    assert!(findings[0].detail.contains("a slash at its end included"));
}

#[tokio::test]
async fn clocks_that_differ_are_told() {
    let issuer = TestIssuer::start(Signer::new().jwks()).await;
    let discovery = json!({ "issuer": issuer.url, "jwks_uri": format!("{}{KEYS}", issuer.url) });
    issuer.tell(DISCOVERY, Told::json(discovery).with("date: Sun, 22 Nov 2026 12:00:00 GMT"));
    for (seconds, verdict) in [(0, Verdict::Good), (-10, Verdict::Good), (11, Verdict::Warning), (31, Verdict::Bad)] {
        let findings = issuer.tokens().check(NOW + Duration::seconds(seconds)).await;
        assert!(verdicts(&findings).contains(&("clock", verdict)), "{findings:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let issuer = TestIssuer::start(json!({ "keys": [] })).await;
    let findings = issuer.tokens().check(NOW).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Good), ("keys", Verdict::Bad)]);
    let nobody = muster_testkit_providers::FaultServer::refusing_url();
    let findings = tokens_of(&nobody).check(NOW).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Bad)]);
    assert!(findings[0].detail.starts_with("the discovery document could not be fetched: check its address"));
}
