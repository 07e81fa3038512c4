//! Debian's lemonldap-ng.

use muster_testkit_providers::{IdentityProvider, Product};
use serde_json::{Value, json};

use super::{
    CLIENT, Client, assert_new_key_is_found, assert_refused_because, deliver, explained, header, muster_for, person,
    sign_in, status_in_the_end, user_name,
};

/// Options of the client: what ID tokens are signed with, and access tokens that are JWTs.
fn options(algorithm: &str) -> Value {
    json!({ "oidcRPMetaDataOptionsIDTokenSignAlg": algorithm, "oidcRPMetaDataOptionsAccessTokenJWT": 1 })
}

#[tokio::test(flavor = "multi_thread")]
async fn lemonldap_signs_people_in_with_jwts_and_its_userinfo_gives_their_names() {
    let mut provider = IdentityProvider::start(Product::LemonLdap, options("RS256")).await;
    let installation = muster_for(&provider, CLIENT).that_takes_newcomers();
    let server = installation.serve();
    let signed_in = sign_in(&provider).await;
    let doctor = Client::with_token(&server.url, &signed_in.access_token);
    assert_eq!(user_name(&doctor).await, "dwho@badwolf.org", "added by the names that userinfo gave");
    let old = assert_new_key_is_found(&mut provider, &server, "openid profile email", json!({})).await;
    assert_eq!(status_in_the_end(&server, &old).await, 401, "the old key is not published any more");
    assert_eq!(installation.reasons().last().unwrap(), "unknown-key");
    installation.assert_silent(&["dwho@badwolf.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lemonldaps_own_choice_of_hmac_is_refused_and_its_access_tokens_are_good_all_the_same() {
    let provider = IdentityProvider::start(Product::LemonLdap, options("HS512")).await;
    let installation = muster_for(&provider, CLIENT);
    let server = installation.serve();
    // Its sub is the user name there.
    deliver(&installation, &server, &person("dwho", "doctor@company.example")).await;
    let signed_in = sign_in(&provider).await;
    assert_eq!(header(&signed_in.id_token)["alg"], "HS512");
    assert_refused_because(&installation, &server, &signed_in.id_token, "algorithm").await;
    assert!(explained(&installation, &signed_in.id_token).contains("HS512"));
    assert_eq!(user_name(&Client::with_token(&server.url, &signed_in.access_token)).await, "doctor@company.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn lemonldaps_access_tokens_are_opaque_unless_it_is_told_otherwise() {
    let options =
        json!({ "oidcRPMetaDataOptionsIDTokenSignAlg": "RS256", "oidcRPMetaDataOptionsIDTokenForceClaims": 1 });
    let provider = IdentityProvider::start(Product::LemonLdap, options).await;
    let installation = muster_for(&provider, CLIENT);
    let server = installation.serve();
    deliver(&installation, &server, &person("", "dwho@badwolf.org")).await;
    let signed_in = sign_in(&provider).await;
    assert_refused_because(&installation, &server, &signed_in.access_token, "malformed").await;
    assert_eq!(user_name(&Client::with_token(&server.url, &signed_in.id_token)).await, "dwho@badwolf.org");
}
