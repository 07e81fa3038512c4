//! Sign-in with identity providers as companies run them, with the settings in `docs/signing-in.md` and without them.

mod canaille;
mod glewlwyd;
mod lemonldap;
mod oidc_provider;

use std::time::Duration;

use muster_testkit_providers::{IdentityProvider, SignedIn, token_header as header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Server;
use crate::common::client::{Client, body};
use crate::installation::{Installation, assert_refused, me, person, user_name};

/// The id of the client at each provider, which is the audience of its ID tokens.
const CLIENT: &str = "muster-web";
/// The audience of access tokens that are made for Muster.
const RESOURCE: &str = "https://muster.example";
/// The most seconds after which a token of a new key must be good.
const NEW_KEY_WITHIN: u64 = 10;

/// Muster, which takes the provider's tokens for one audience.
fn muster_for(provider: &IdentityProvider, audience: &str) -> Installation {
    Installation::trusting(&provider.issuer()).with("MUSTER_OIDC_AUDIENCE", audience)
}

/// Adds a person over SCIM, as a directory does.
async fn deliver(installation: &Installation, server: &Server, person: &Value) {
    let key = installation.done(&["key", "create", "--name", "Directory", "--scopes", "scim"]);
    let directory = Client::with_token(&server.url, key.lines().last().unwrap());
    let mut user = person.clone();
    user["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
    body(directory.send(Method::POST, "/scim/v2/Users", Some(user)).await).await;
}

/// Fails unless the token is refused and the log says why.
async fn assert_refused_because(installation: &Installation, server: &Server, token: &str, reason: &str) {
    let before = installation.reasons().len();
    assert_refused(&Client::with_token(&server.url, token)).await;
    assert_eq!(installation.reasons()[before..], [reason]);
}

/// Gives the provider a new key and signs in again: the new token is good at once, or after the time that a 503 says.
/// Returns a token of the old key, which Muster has not seen.
async fn assert_new_key_is_found(
    provider: &mut IdentityProvider,
    server: &Server,
    scope: &str,
    parameters: Value,
) -> String {
    let before = provider.sign_in(scope, parameters.clone()).await.access_token;
    assert_eq!(me(&Client::with_token(&server.url, &before)).await.status(), 200);
    let unseen = provider.sign_in(scope, parameters.clone()).await.access_token;
    provider.rotate_key().await;
    let after = provider.sign_in(scope, parameters).await.access_token;
    assert_ne!(header(&before)["kid"], header(&after)["kid"]);
    assert_eq!(status_in_the_end(server, &after).await, 200, "a token of the new key");
    unseen
}

/// What becomes of a token, when the key that it names was looked for.
async fn status_in_the_end(server: &Server, token: &str) -> u16 {
    let client = Client::with_token(&server.url, token);
    let answer = me(&client).await;
    if answer.status() != 503 {
        return answer.status().as_u16();
    }
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=NEW_KEY_WITHIN).contains(&wait), "{wait} s");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    me(&client).await.status().as_u16()
}

/// What `muster doctor --token` says of a token.
fn explained(installation: &Installation, token: &str) -> String {
    installation.run_reading(&["doctor", "--token"], token).out
}

/// The tokens of a sign-in without further parameters.
async fn sign_in(provider: &IdentityProvider) -> SignedIn {
    provider.sign_in("openid profile email", json!({})).await
}
