//! Glewlwyd.

use muster_testkit_providers::{IdentityProvider, Product};
use serde_json::json;

use super::{
    CLIENT, Client, RESOURCE, assert_new_key_is_found, assert_refused_because, deliver, header, muster_for, person,
    sign_in, status_in_the_end, user_name,
};

#[tokio::test(flavor = "multi_thread")]
async fn glewlwyd_signs_people_in_with_access_tokens_for_a_resource() {
    let options = json!({ "resource": RESOURCE, "names": true });
    let mut provider = IdentityProvider::start(Product::Glewlwyd, options).await;
    let installation = muster_for(&provider, RESOURCE).that_takes_newcomers();
    let server = installation.serve();
    let (scope, parameters) = ("openid profile email muster", json!({ "resource": RESOURCE }));
    let token = provider.sign_in(scope, parameters.clone()).await.access_token;
    assert_eq!(header(&token)["typ"], "at+jwt");
    let ada = Client::with_token(&server.url, &token);
    assert_eq!(user_name(&ada).await, "ada@example.com", "added by the names in the token");
    let old = assert_new_key_is_found(&mut provider, &server, scope, parameters).await;
    assert_eq!(status_in_the_end(&server, &old).await, 200, "the old key is still published");
    installation.assert_silent(&["ada@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn glewlwyds_access_tokens_are_for_the_scopes_unless_a_resource_is_asked_for_and_its_id_tokens_for_the_client() {
    let provider = IdentityProvider::start(Product::Glewlwyd, json!({})).await;
    let installation = muster_for(&provider, CLIENT);
    let server = installation.serve();
    deliver(&installation, &server, &person("", "ada@example.com")).await;
    let signed_in = sign_in(&provider).await;
    assert_refused_because(&installation, &server, &signed_in.access_token, "wrong-audience").await;
    assert_eq!(user_name(&Client::with_token(&server.url, &signed_in.id_token)).await, "ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn glewlwyds_userinfo_gives_the_names_that_its_access_tokens_lack() {
    let provider =
        IdentityProvider::start(Product::Glewlwyd, json!({ "resource": RESOURCE, "algorithm": "ES384" })).await;
    let installation = muster_for(&provider, RESOURCE);
    let server = installation.serve();
    deliver(&installation, &server, &person("", "ada@example.com")).await;
    let token = provider.sign_in("openid profile email muster", json!({ "resource": RESOURCE })).await.access_token;
    assert_eq!(header(&token)["alg"], "ES384");
    assert_eq!(user_name(&Client::with_token(&server.url, &token)).await, "ada@example.com");
}
