//! Canaille.

use muster_testkit_providers::{IdentityProvider, Product};
use serde_json::json;

use super::{
    CLIENT, Client, assert_new_key_is_found, assert_refused_because, deliver, explained, header, muster_for, person,
    sign_in, status_in_the_end, user_name,
};

#[tokio::test(flavor = "multi_thread")]
async fn canaille_signs_people_in_once_its_client_is_its_own_audience() {
    let mut provider = IdentityProvider::start(Product::Canaille, json!({ "audience": true })).await;
    let installation = muster_for(&provider, CLIENT);
    let server = installation.serve();
    let signed_in = sign_in(&provider).await;
    assert_eq!(header(&signed_in.access_token)["alg"], "RS512");
    assert_refused_because(&installation, &server, &signed_in.access_token, "unknown-person").await;
    // Its sub is the user name there.
    deliver(&installation, &server, &person("ada", "ada@company.example")).await;
    for token in [&signed_in.access_token, &signed_in.id_token] {
        assert_eq!(user_name(&Client::with_token(&server.url, token)).await, "ada@company.example");
    }
    let said = explained(&installation, &signed_in.access_token);
    assert!(said.contains("RS512") && !said.contains("BAD   token"), "{said}");
    let old = assert_new_key_is_found(&mut provider, &server, "openid profile email", json!({})).await;
    assert_eq!(status_in_the_end(&server, &old).await, 200, "the old key is still published");
    installation.assert_silent(&["ada@company.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn canailles_tokens_are_for_nobody_when_its_command_line_made_the_client() {
    let provider = IdentityProvider::start(Product::Canaille, json!({ "algorithm": "RS256" })).await;
    let installation = muster_for(&provider, CLIENT).that_takes_newcomers();
    let server = installation.serve();
    let token = sign_in(&provider).await.access_token;
    assert_eq!(header(&token)["alg"], "RS256");
    assert_refused_because(&installation, &server, &token, "wrong-audience").await;
    assert!(explained(&installation, &token).contains("wrong-audience"));
}
