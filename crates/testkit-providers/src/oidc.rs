use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::emulator::{Emulator, installed};

/// An OIDC provider: npm's `oauth2-mock-server`, which makes its keys and signs its tokens with `jose`. Has no
/// key until it is told to make one.
pub struct OidcProvider {
    emulator: Emulator,
}

/// A token that the provider made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderToken {
    /// The token in compact form.
    pub token: String,
    /// When it was made by the provider's clock, which is the machine's: seconds since 1970.
    pub at: i64,
}

impl OidcProvider {
    /// Starts one.
    pub async fn start() -> Self {
        let package = installed("oauth2-mock-server").join("node_modules/oauth2-mock-server");
        let mut node = Command::new("node");
        node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/oidc.mjs")).arg(package);
        Self { emulator: Emulator::start(node, |port| vec![port.to_string()]).await }
    }

    /// The issuer in its tokens, which is where it listens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.emulator.url()
    }

    /// Makes a further key, for `RS256`, `ES256`, `EdDSA` or another algorithm that it knows.
    pub async fn add_key(&self, algorithm: &str, kid: &str) {
        self.ask("/control/keys", json!({ "algorithm": algorithm, "kid": kid })).await;
    }

    /// Makes a key and forgets all others.
    pub async fn replace_keys(&self, algorithm: &str, kid: &str) {
        self.ask("/control/keys", json!({ "algorithm": algorithm, "kid": kid, "alone": true })).await;
    }

    /// Signs a token with a key: its own header and claims (`iss`, `iat`, `exp` in an hour, `nbf`) with these over them.
    pub async fn token(&self, kid: &str, header: Value, claims: Value) -> ProviderToken {
        let made = self.ask("/control/token", json!({ "kid": kid, "header": header, "claims": claims })).await;
        ProviderToken { token: made["token"].as_str().unwrap().to_owned(), at: made["at"].as_i64().unwrap() }
    }

    /// How often its discovery document was fetched, and its keys.
    pub async fn asked(&self) -> (u64, u64) {
        let asked = self.ask("/control/asked", json!({})).await;
        let count = |path| asked[path].as_u64().unwrap_or_default();
        (count("/.well-known/openid-configuration"), count("/jwks"))
    }

    /// What its userinfo endpoint answers from now on, whoever asks.
    pub async fn tell_userinfo(&self, claims: Value) {
        self.ask("/control/userinfo", claims).await;
    }

    /// How often its userinfo endpoint was asked.
    pub async fn asked_userinfo(&self) -> u64 {
        self.ask("/control/asked", json!({})).await["/userinfo"].as_u64().unwrap_or_default()
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        // Built together with reqwest's TLS it wants a provider, though this speaks plain HTTP; a second install is
        // refused.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(format!("{}{path}", self.issuer())).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}
