//! Why a token is refused, in sign-in and as `muster doctor --token` explains it.

use muster_domain::access::{IdentityError, IdentityTokens, TokenRefusal};
use muster_outbound::Verdict;
use serde_json::{Value, json};

use crate::issuer::{NOW, TestIssuer};
use crate::signer::{Signer, encoded, unsigned};

/// Each reason, by a token that is right otherwise; and of two faults the one that says more.
#[tokio::test]
async fn refused_token_has_its_reason() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let good = issuer.claims();
    let (now, url) = (NOW.unix_timestamp(), issuer.url.clone());
    let own = "https://muster.example";
    let tokens = issuer.tokens().beside_own(own.to_owned());
    assert!(tokens.verify(&signer.sign("ed", &good), NOW).await.is_ok());
    let made = |header: Value, change: Value| {
        let (mut head, mut claims) = (Signer::header("ed"), good.clone());
        head.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        signer.sign_text("ed", &head.to_string(), &claims.to_string())
    };
    let claimed = |change: Value| made(json!({}), change);
    let cases = [
        ("opaque".to_owned(), TokenRefusal::Malformed),
        (made(json!({ "crit": ["exp"] }), json!({})), TokenRefusal::Malformed),
        (claimed(json!({ "exp": "soon" })), TokenRefusal::Malformed),
        (claimed(json!({ "iss": own, "exp": now - 1 })), TokenRefusal::OwnToken),
        (made(json!({ "typ": "logout+jwt" }), json!({})), TokenRefusal::WrongType),
        (claimed(json!({ "events": {} })), TokenRefusal::WrongType),
        (claimed(json!({ "iss": format!("{url}/") })), TokenRefusal::WrongIssuer),
        (made(json!({ "alg": "HS256" }), json!({ "iss": "https://other.example" })), TokenRefusal::WrongIssuer),
        (claimed(json!({ "iss": null })), TokenRefusal::WrongIssuer),
        (claimed(json!({ "aud": "api://other", "exp": now - 1 })), TokenRefusal::WrongAudience),
        (claimed(json!({ "aud": null })), TokenRefusal::WrongAudience),
        (made(json!({ "alg": "HS512" }), json!({})), TokenRefusal::Algorithm),
        (made(json!({ "alg": "none" }), json!({})), TokenRefusal::Algorithm),
        (claimed(json!({ "sub": "" })), TokenRefusal::NoSubject),
        (claimed(json!({ "exp": now })), TokenRefusal::Expired),
        (claimed(json!({ "nbf": now + 31 })), TokenRefusal::NotYetValid),
        (Signer::new().sign("ed", &good), TokenRefusal::Signature),
    ];
    for (token, expected) in cases {
        let outcome = tokens.verify(&token, NOW).await;
        let right = matches!(outcome, Err(IdentityError::Refused(reason)) if reason == expected);
        assert!(right, "{expected}: {outcome:?}");
        let explained = tokens.explain(&token, NOW).await;
        let first = explained.findings.iter().find(|finding| finding.verdict == Verdict::Bad).unwrap();
        assert!(first.detail.starts_with(&format!("{expected}: ")), "{first:?}");
    }
}

/// One RSA key: a signature is good under the algorithm alone that made it, whatever the header says, and not at all when
/// the key is for another.
#[tokio::test]
async fn rsa_signature_is_good_under_its_own_algorithm_alone() {
    let signer = Signer::new();
    let algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    for key_is_for in algorithms.map(Some).into_iter().chain([None]) {
        let mut key = signer.rsa_jwk();
        match key_is_for {
            Some(algorithm) => key["alg"] = json!(algorithm),
            None => drop(key.as_object_mut().unwrap().remove("alg")),
        }
        let issuer = TestIssuer::start(json!({ "keys": [key] })).await;
        let tokens = issuer.tokens();
        for made_by in algorithms {
            for said in algorithms {
                let message = unsigned(&json!({ "alg": said, "kid": "rsa" }).to_string(), &issuer.claims().to_string());
                let token = format!("{message}.{}", encoded(signer.rsa_signature(made_by, message.as_bytes())));
                let outcome = tokens.verify(&token, NOW).await;
                let good = made_by == said && key_is_for.is_none_or(|key| key == said);
                assert_eq!(outcome.is_ok(), good, "by {made_by}, as {said}, key for {key_is_for:?}: {outcome:?}");
            }
        }
    }
}
