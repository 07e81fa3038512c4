//! An independent provider: its discovery, its keys, its signatures.

use muster_domain::access::{IdentityError, IdentityTokens};
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

#[tokio::test]
async fn tokens_of_each_algorithm_name_the_person() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        provider.add_key(algorithm, algorithm).await;
    }
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let made = provider.token(algorithm, json!({}), person()).await;
        let identity = tokens.verify(&made.token, instant(made.at)).await.unwrap();
        assert_eq!(identity.subject, "00u1abcd");
        assert_eq!(identity.logins, ["Ada@Example.com"]);
        assert_eq!(identity.email.unwrap().as_str(), "Ada@Example.com");
        assert_eq!(identity.display_name.unwrap(), "Ada Lovelace");
        let over = tokens.verify(&made.token, instant(made.at) + Duration::hours(1)).await;
        assert!(matches!(over, Err(IdentityError::Invalid)));
    }
    assert_eq!(provider.asked().await, (1, 1));
}

#[tokio::test]
async fn access_token_by_rfc_9068_is_taken_and_another_algorithm_is_not() {
    let provider = OidcProvider::start().await;
    let tokens = tokens_of(&provider.issuer());
    for algorithm in ["ES256", "RS384", "PS256", "ES384"] {
        provider.add_key(algorithm, algorithm).await;
    }
    let made = provider.token("ES256", json!({ "typ": "at+jwt" }), person()).await;
    assert!(tokens.verify(&made.token, instant(made.at)).await.is_ok());
    for algorithm in ["RS384", "PS256", "ES384"] {
        let made = provider.token(algorithm, json!({}), person()).await;
        let refused = tokens.verify(&made.token, instant(made.at)).await;
        assert!(matches!(refused, Err(IdentityError::Invalid)), "{algorithm}");
    }
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
    // The keys were fetched within this minute.
    assert!(matches!(tokens.verify(&second.token, now).await, Err(IdentityError::Invalid)));
    assert_eq!(provider.asked().await, (1, 1));

    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    tokio::time::resume();
    assert!(tokens.verify(&second.token, now).await.is_ok());
    assert_eq!(provider.asked().await, (2, 2));
    assert!(matches!(tokens.verify(&first.token, now).await, Err(IdentityError::Invalid)), "its key is gone");
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
