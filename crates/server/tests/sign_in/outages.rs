use std::time::Instant;

use muster_testkit_providers::{Fault, FaultServer, OidcProvider};
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::installation::{Installation, KEY, assert_refused, me, person, provider, token, user_name};

async fn assert_unavailable(client: &Client) {
    let answer = me(client).await;
    assert_eq!(answer.status(), 503);
    let wait: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer.json::<Value>().await.unwrap()["type"], "urn:muster:problem:unavailable");
}

/// A token of `provider`'s, as if the provider were at another address.
async fn token_of(provider: &OidcProvider, issuer: &str) -> String {
    token(provider, json!({ "iss": issuer, "sub": "00u1" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_keys_are_known_the_providers_tokens_cannot_be_checked_and_all_else_works() {
    let provider = provider().await;
    let issuer = FaultServer::refusing_url();
    let installation = Installation::trusting(&issuer);
    installation.import(&[person("00u1", "ada@outage.example")]);
    let server = installation.serve();
    let ada = Client::with_token(&server.url, &token_of(&provider, &issuer).await);
    for _ in 0..3 {
        assert_unavailable(&ada).await;
    }
    // What cannot be right for any key is refused as ever.
    assert_refused(&ada.holding(&token_of(&provider, "https://elsewhere.example").await)).await;
    assert_refused(&ada.holding("garbage")).await;
    let key = installation.done(&["key", "create", "--name", "Pager", "--scopes", "users:read"]);
    let pager = ada.holding(key.lines().last().unwrap());
    assert_eq!(pager.get("/api/users").await["items"].as_array().unwrap().len(), 1);
    installation.assert_silent(&["00u1", "ada@outage.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_nonsense_is_one_that_cannot_be_asked() {
    let provider = provider().await;
    for fault in [Fault::json(500, "{}"), Fault::json(200, "no json"), Fault::HalfAnswer(200)] {
        let broken = FaultServer::start([fault.clone()]).await;
        let installation = Installation::trusting(&broken.url);
        installation.import(&[person("00u1", "ada@outage.example")]);
        let server = installation.serve();
        let ada = Client::with_token(&server.url, &token_of(&provider, &broken.url).await);
        let began = Instant::now();
        for _ in 0..20 {
            assert_unavailable(&ada).await;
        }
        // Asked again each 5 seconds at most, which 20 requests take only on a very busy machine.
        let most = 1 + usize::try_from(began.elapsed().as_secs() / 5).unwrap();
        assert!((1..=most).contains(&broken.connections()), "{fault:?}: {} connections", broken.connections());
        installation.assert_silent(&["00u1", "ada@outage.example"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_keys_are_known_people_sign_in_though_the_provider_is_down() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@outage.example"), person("00u2", "ben@outage.example")]);
    let server = installation.serve();
    let first = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    let later = first.holding(&token(&provider, json!({ "sub": "00u2" })).await);
    let forged = provider.token(KEY, json!({ "kid": "other" }), json!({ "aud": "api://muster", "sub": "00u1" })).await;
    assert_eq!(user_name(&first).await, "ada@outage.example");
    drop(provider);
    assert_eq!(user_name(&first).await, "ada@outage.example");
    assert_eq!(user_name(&later).await, "ben@outage.example", "one that was never seen");
    // Whether that key is a new one, nobody can tell now.
    assert_unavailable(&first.holding(&forged.token)).await;
    installation.assert_silent(&["00u1", "00u2", "@outage.example"]);
}
