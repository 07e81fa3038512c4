//! npm's oidc-provider.

use muster_testkit_providers::{IdentityProvider, Product};
use serde_json::json;

use super::{
    CLIENT, Client, RESOURCE, assert_new_key_is_found, assert_refused_because, deliver, header, me, muster_for, person,
    sign_in, status_in_the_end, user_name,
};

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_signs_people_in_with_access_tokens_for_a_resource() {
    let mut provider = IdentityProvider::start(Product::OidcProvider, json!({ "resources": true })).await;
    let installation = muster_for(&provider, RESOURCE);
    let server = installation.serve();
    deliver(&installation, &server, &person("ada", "ada@company.example")).await;
    let parameters = json!({ "resource": RESOURCE });
    let signed_in = provider.sign_in("openid", parameters.clone()).await;
    assert_eq!(header(&signed_in.access_token)["typ"], "at+jwt");
    assert_eq!(user_name(&Client::with_token(&server.url, &signed_in.access_token)).await, "ada@company.example");
    assert_refused_because(&installation, &server, &signed_in.id_token, "wrong-audience").await;
    let other = provider.sign_in("openid", json!({ "resource": "https://other.example" })).await;
    assert_refused_because(&installation, &server, &other.access_token, "wrong-audience").await;
    let old = assert_new_key_is_found(&mut provider, &server, "openid", parameters).await;
    assert_eq!(status_in_the_end(&server, &old).await, 200, "the old key is still published");
    installation.assert_silent(&["ada@company.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_providers_access_tokens_are_opaque_and_its_id_tokens_nameless_unless_it_is_told_otherwise() {
    let provider = IdentityProvider::start(Product::OidcProvider, json!({})).await;
    let installation = muster_for(&provider, CLIENT).that_takes_newcomers();
    let server = installation.serve();
    let signed_in = sign_in(&provider).await;
    assert_refused_because(&installation, &server, &signed_in.access_token, "malformed").await;
    assert_refused_because(&installation, &server, &signed_in.id_token, "no-name").await;

    let provider = IdentityProvider::start(Product::OidcProvider, json!({ "namesInIdTokens": true })).await;
    let installation = muster_for(&provider, CLIENT);
    let server = installation.serve();
    deliver(&installation, &server, &person("", "ada@example.com")).await;
    let ada = Client::with_token(&server.url, &sign_in(&provider).await.id_token);
    assert_eq!(user_name(&ada).await, "ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_providers_userinfo_does_not_take_access_tokens_for_a_resource_so_they_need_names_for_newcomers() {
    for (options, added) in
        [(json!({ "resources": true }), false), (json!({ "resources": true, "namesInAccessTokens": true }), true)]
    {
        let provider = IdentityProvider::start(Product::OidcProvider, options).await;
        let installation = muster_for(&provider, RESOURCE).that_takes_newcomers();
        let server = installation.serve();
        let token = provider.sign_in("openid profile email", json!({ "resource": RESOURCE })).await.access_token;
        if added {
            let ada = Client::with_token(&server.url, &token);
            assert_eq!(user_name(&ada).await, "ada@example.com");
        } else {
            assert_refused_because(&installation, &server, &token, "no-name").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_may_sign_with_any_algorithm_that_is_taken() {
    for algorithm in ["PS256", "ES256", "EdDSA"] {
        let options = json!({ "resources": true, "algorithm": algorithm });
        let provider = IdentityProvider::start(Product::OidcProvider, options).await;
        let installation = muster_for(&provider, RESOURCE);
        let server = installation.serve();
        deliver(&installation, &server, &person("ada", "ada@company.example")).await;
        let token = provider.sign_in("openid", json!({ "resource": RESOURCE })).await.access_token;
        assert_eq!(header(&token)["alg"], algorithm);
        assert_eq!(me(&Client::with_token(&server.url, &token)).await.status(), 200, "{algorithm}");
    }
}
