//! What `muster doctor` is told.

use muster_outbound::{Finding, Verdict};
use muster_testkit_providers::OidcProvider;
use serde_json::{Value, json};
use time::Duration;

use crate::issuer::{DISCOVERY, NOW, TestIssuer, Told, tokens_of, tokens_without_userinfo};
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
    let good = ["discovery", "clock", "algorithms", "keys", "userinfo"].map(|check| (check, Verdict::Good));
    assert_eq!(verdicts(&findings), good, "{findings:?}");
    assert_eq!(findings[3].detail, "1 can be used: 1 for RS256");
    let findings = tokens_of(&format!("{}/", provider.issuer())).check(now).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Bad)]);
    assert!(findings[0].detail.contains("a slash at its end included"));
    assert!(findings[0].detail.contains(&format!("names another issuer, \"{}\"", provider.issuer())));
}

#[tokio::test]
async fn clocks_that_differ_are_told() {
    let issuer = TestIssuer::start(Signer::new().jwks()).await;
    issuer.tell(DISCOVERY, Told::json(issuer.discovery()).with("date: Sun, 22 Nov 2026 12:00:00 GMT"));
    for (seconds, verdict) in [(0, Verdict::Good), (-10, Verdict::Good), (11, Verdict::Warning), (31, Verdict::Bad)] {
        let findings = issuer.tokens().check(NOW + Duration::seconds(seconds)).await;
        assert!(verdicts(&findings).contains(&("clock", verdict)), "{findings:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let issuer = TestIssuer::start(json!({ "keys": [] })).await;
    let findings = issuer.tokens().check(NOW).await;
    let expected = [("discovery", Verdict::Good), ("algorithms", Verdict::Good), ("keys", Verdict::Bad)];
    assert_eq!(verdicts(&findings)[..3], expected);
    let nobody = muster_testkit_providers::FaultServer::refusing_url();
    let findings = tokens_of(&nobody).check(NOW).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Bad)]);
    assert!(findings[0].detail.starts_with("the discovery document could not be fetched: check its address"));
}

#[tokio::test]
async fn what_the_provider_signs_with_is_compared_with_what_is_taken() {
    let issuer = TestIssuer::start(Signer::new().jwks()).await;
    for (said, verdict, part) in [
        (json!(["RS512", "PS384", "ES384"]), Verdict::Good, "it signs with RS512, PS384, ES384"),
        (json!(["RS256", "HS512"]), Verdict::Warning, "it may sign with HS512, which Muster does not take"),
        (json!(["none", "ES512", "EdDSA"]), Verdict::Warning, "it may sign with none, ES512, which"),
        (
            json!(["HS512"]),
            Verdict::Bad,
            "it signs with HS512 alone, which Muster does not take: have it sign with one of",
        ),
        (json!([]), Verdict::Bad, "alone, which"),
        (Value::Null, Verdict::Warning, "does not say with which (id_token_signing_alg_values_supported)"),
        (json!("RS256"), Verdict::Warning, "does not say with which"),
    ] {
        let mut discovery = issuer.discovery();
        discovery["id_token_signing_alg_values_supported"] = said.clone();
        issuer.tell(DISCOVERY, Told::json(discovery));
        let findings = issuer.tokens().check(NOW).await;
        let finding = findings.iter().find(|finding| finding.check == "algorithms").unwrap();
        assert_eq!(finding.verdict, verdict, "{said}: {finding:?}");
        assert!(finding.detail.contains(part), "{said}: {finding:?}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_used_and_a_document_without_their_address_are_told() {
    let signer = Signer::new();
    let secret = json!({ "kty": "oct", "kid": "hs", "k": "AAAA", "alg": "HS512" });
    let issuer = TestIssuer::start(json!({ "keys": [signer.ed_jwk(), secret] })).await;
    let findings = issuer.tokens().check(NOW).await;
    let keys = findings.iter().find(|finding| finding.check == "keys").unwrap();
    assert_eq!(keys.detail, "1 can be used: 1 for EdDSA; 1 cannot");
    let mut discovery = issuer.discovery();
    discovery.as_object_mut().unwrap().remove("jwks_uri");
    issuer.tell(DISCOVERY, Told::json(discovery));
    let findings = issuer.tokens().check(NOW).await;
    assert_eq!(verdicts(&findings), [("discovery", Verdict::Bad)]);
    assert!(findings[0].detail.contains("names no jwks_uri"), "{findings:?}");
}

#[tokio::test]
async fn missing_userinfo_is_told_where_it_is_asked() {
    let issuer = TestIssuer::start(Signer::new().jwks()).await;
    for address in [Value::Null, json!("http://other.example/userinfo"), json!("file:///etc/passwd")] {
        let mut discovery = issuer.discovery();
        discovery["userinfo_endpoint"] = address;
        issuer.tell(DISCOVERY, Told::json(discovery));
        assert!(verdicts(&issuer.tokens().check(NOW).await).contains(&("userinfo", Verdict::Warning)));
        let findings = tokens_without_userinfo(&issuer.url).check(NOW).await;
        assert!(findings.iter().all(|finding| finding.check != "userinfo"));
    }
}
