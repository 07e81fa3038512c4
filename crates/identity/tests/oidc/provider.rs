//! An independent provider: its discovery, its keys, its signatures.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_domain::access::{IdentityError, IdentityTokens, TokenRefusal};
use muster_testkit_providers::OidcProvider;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::issuer::{AUDIENCE, tokens_of};

fn person() -> Value {
    json!({
        "sub": "00u1abcd", "aud": AUDIENCE, "name": "Ada Lovelace",
        "email": "Ada@Example.com", "email_verified": true, "preferred_username": "ada@example.com",
    })
}

fn instant(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

const TAKEN: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// The reason for which a token is refused.
fn reason<T: std::fmt::Debug>(outcome: Result<T, IdentityError>) -> TokenRefusal {
    match outcome {
        Err(IdentityError::Refused(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tokens_of_each_algorithm_name_the_person() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    for algorithm in TAKEN {
        provider.add_key(algorithm, algorithm).await;
    }
    for algorithm in TAKEN {
        let made = provider.token(algorithm, json!({}), person()).await;
        let identity = tokens.verify(&made.token, instant(made.at)).await.unwrap();
        assert_eq!(identity.subject, "00u1abcd");
        assert_eq!(identity.logins, ["Ada@Example.com"]);
        assert_eq!(identity.email.unwrap().as_str(), "Ada@Example.com");
        assert_eq!(identity.display_name.unwrap(), "Ada Lovelace");
        let over = tokens.verify(&made.token, instant(made.at) + Duration::hours(1)).await;
        assert_eq!(reason(over), TokenRefusal::Expired);
    }
    assert_eq!(provider.asked().await, (1, 1));
}

/// A signature of each algorithm, by another implementation than ours, is good for that text, key and algorithm alone.
#[tokio::test]
async fn altered_byte_another_key_and_another_algorithm_are_refused_for_each_algorithm() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    for algorithm in TAKEN {
        provider.add_key(algorithm, algorithm).await;
    }
    for algorithm in TAKEN {
        let made = provider.token(algorithm, json!({}), person()).await;
        let now = instant(made.at);
        let parts: Vec<&str> = made.token.split('.').collect();
        let bytes = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        for at in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let token = format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode(altered));
            assert_eq!(reason(tokens.verify(&token, now).await), TokenRefusal::Signature, "{algorithm}, byte {at}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        for signature in [&bytes[..bytes.len() - 1], &longer, &[]] {
            let token = format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode(signature));
            assert_eq!(reason(tokens.verify(&token, now).await), TokenRefusal::Signature, "{algorithm}");
        }
        let with_header =
            |header: Value| format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), parts[1], parts[2]);
        for other in TAKEN.into_iter().filter(|other| *other != algorithm) {
            let outcome = tokens.verify(&with_header(json!({ "alg": other, "kid": algorithm })), now).await;
            let unknown =
                matches!(outcome, Err(IdentityError::NotYet { .. } | IdentityError::Refused(TokenRefusal::UnknownKey)));
            assert!(unknown, "{algorithm} as {other}: {outcome:?}");
            let outcome = tokens.verify(&with_header(json!({ "alg": other, "kid": other })), now).await;
            assert_eq!(reason(outcome), TokenRefusal::Signature, "{algorithm} as {other}");
        }
        for refused in ["none", "HS256", "HS384", "HS512", "ES512", "ES256K", "Ed25519"] {
            let outcome = tokens.verify(&with_header(json!({ "alg": refused, "kid": algorithm })), now).await;
            assert_eq!(reason(outcome), TokenRefusal::Algorithm, "{refused}");
        }
        assert!(tokens.verify(&made.token, now).await.is_ok());
    }
}

#[tokio::test]
async fn access_token_by_rfc_9068_is_taken_and_an_algorithm_that_ring_lacks_is_not() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    for algorithm in ["ES256", "ES512"] {
        provider.add_key(algorithm, algorithm).await;
    }
    let made = provider.token("ES256", json!({ "typ": "at+jwt" }), person()).await;
    assert!(tokens.verify(&made.token, instant(made.at)).await.is_ok());
    let made = provider.token("ES512", json!({}), person()).await;
    assert_eq!(reason(tokens.verify(&made.token, instant(made.at)).await), TokenRefusal::Algorithm);
}

#[tokio::test]
async fn new_key_is_found_when_its_first_token_comes() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    provider.add_key("RS256", "first").await;
    let first = provider.token("first", json!({}), person()).await;
    let now = instant(first.at);
    assert!(tokens.verify(&first.token, now).await.is_ok());

    provider.replace_keys("ES256", "second").await;
    let second = provider.token("second", json!({}), person()).await;
    // The keys were fetched a moment ago, so it is not known yet whether this is a new one.
    let Err(IdentityError::NotYet { retry_after }) = tokens.verify(&second.token, now).await else {
        panic!("a new key is unknown until it was looked for")
    };
    assert!((1..=5).contains(&retry_after.whole_seconds()), "{retry_after}");
    assert_eq!(provider.asked().await, (1, 1));

    tokio::time::pause();
    tokio::time::advance(retry_after.unsigned_abs()).await;
    tokio::time::resume();
    assert!(tokens.verify(&second.token, now).await.is_ok());
    assert_eq!(provider.asked().await, (2, 2));
    assert!(tokens.verify(&first.token, now).await.is_ok(), "believed for a minute");
    let third = provider.token("second", json!({ "kid": "first" }), person()).await;
    assert!(matches!(tokens.verify(&third.token, now).await, Err(IdentityError::NotYet { .. })), "its key is gone");
}

#[tokio::test]
async fn keys_serve_when_the_provider_has_gone() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    provider.add_key("RS256", "first").await;
    let before = provider.token("first", json!({}), person()).await;
    let during = provider.token("first", json!({}), json!({ "sub": "00u2", "aud": AUDIENCE })).await;
    let now = instant(before.at);
    assert!(tokens.verify(&before.token, now).await.is_ok());
    drop(provider);
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_hours(1)).await;
    tokio::time::resume();
    // Once it waits, for it is not known yet that the provider is down; then no more.
    assert_eq!(tokens.verify(&during.token, now).await.unwrap().subject, "00u2");
    assert_eq!(tokens.verify(&before.token, now).await.unwrap().subject, "00u1abcd");
}
