use muster_testkit_providers::OidcProvider;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::secrecy::holders;
use crate::common::{Ended, Folder, Server};

pub(crate) const AUDIENCE: &str = "api://muster";
/// The provider's key that tokens are signed with unless a test says otherwise.
pub(crate) const KEY: &str = "first";
pub(crate) const PUBLIC_URL: &str = "https://muster.example.com";
pub(crate) const SIGNING_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
/// Reads everybody and the audit trail.
pub(crate) const ADMIN: &str = "ops@example.net";

/// A provider with one key.
pub(crate) async fn provider() -> OidcProvider {
    let provider = OidcProvider::start().await;
    provider.add_key("RS256", KEY).await;
    provider
}

/// A token of the provider's for us with these claims.
pub(crate) async fn token(provider: &OidcProvider, claims: Value) -> String {
    let mut all = json!({ "aud": AUDIENCE });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    provider.token(KEY, json!({}), all).await.token
}

/// Somebody of the directory, who has an external id unless it is empty.
pub(crate) fn person(external_id: &str, user_name: &str) -> Value {
    json!({ "externalId": external_id, "userName": user_name, "emails": [{ "value": user_name, "primary": true }] })
}

/// Muster in production mode, whose people sign in with one provider. Messages go out by push alone, which needs no
/// account with anybody.
pub(crate) struct Installation {
    folder: Folder,
    settings: Vec<(&'static str, String)>,
}

impl Installation {
    /// One with a store and no people.
    pub(crate) fn trusting(issuer: &str) -> Self {
        let settings = [
            ("MUSTER_MODE", "production"),
            ("MUSTER_PUBLIC_URL", PUBLIC_URL),
            ("MUSTER_PEPPER", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("MUSTER_SIGNING_KEY", SIGNING_KEY),
            ("MUSTER_CHANNELS", "push"),
            ("VAPID_PRIVATE_KEY", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
            ("VAPID_SUBJECT", "mailto:pager@example.com"),
            ("MUSTER_OIDC_ISSUER", issuer),
            ("MUSTER_OIDC_AUDIENCE", AUDIENCE),
            ("MUSTER_LOG", "trace"),
        ];
        let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
        let installation = Self { folder: Folder::new(), settings };
        installation.done(&["migrate"]);
        installation
    }

    /// The same, which adds whom the provider knows and the directory has not delivered.
    pub(crate) fn that_takes_newcomers(mut self) -> Self {
        self.settings.push(("MUSTER_OIDC_CREATE_USERS", "true".to_owned()));
        self
    }

    /// The same with another setting, which counts in place of what it was.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Takes over what the directory says.
    pub(crate) fn import(&self, people: &[Value]) -> Ended {
        self.folder.write("people.json", Value::from(people).to_string());
        self.run(&["import", "people.json"])
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.folder.run_with(arguments, &self.settings())
    }

    /// Runs the program to its end with this on its standard input.
    pub(crate) fn run_reading(&self, arguments: &[&str], input: &str) -> Ended {
        self.folder.run_reading(arguments, &self.settings(), input)
    }

    /// What its servers logged of tokens that were refused: the reasons, in their order.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let log = self.folder.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let refused = lines.filter(|line| line["message"] == "a token is refused");
        refused.map(|line| line["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// Runs the program, which must do what it was told, and returns what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.err);
        ended.out
    }

    /// Starts the server.
    pub(crate) fn serve(&self) -> Server {
        self.folder.serve_with(&self.settings())
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// An admin, signed in.
    pub(crate) async fn admin(&self, server: &Server, provider: &OidcProvider) -> Client {
        assert_eq!(self.import(&[person("00u0ops", ADMIN)]).code, Some(0));
        self.done(&["admin", "grant", ADMIN]);
        Client::with_token(&server.url, &token(provider, json!({ "sub": "00u0ops" })).await)
    }

    /// Fails when a log of its servers holds one of these, a token or a key, whole or in part.
    pub(crate) fn assert_silent(&self, secrets: &[&str]) {
        let log = self.folder.log();
        assert!(log.contains("/api/"), "the log tells of requests: {log}");
        // Every JWT begins with the first, and every key with the second.
        for secret in ["eyJ", "mst_key_", SIGNING_KEY].iter().chain(secrets) {
            assert_eq!(holders(&log, secret), [""; 0], "{secret} is in the log");
        }
    }
}

/// Asks who is calling.
pub(crate) async fn me(client: &Client) -> Response {
    client.send(Method::GET, "/api/users/me", None).await
}

/// Whose profile a token opens.
pub(crate) async fn user_name(client: &Client) -> String {
    client.get("/api/users/me").await["userName"].as_str().unwrap().to_owned()
}

/// Fails unless the caller is refused as everybody is whose credential is good for nothing.
pub(crate) async fn assert_refused(client: &Client) {
    let answer = me(client).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(
        problem["detail"], "the credential is invalid or has expired, or its account is not active",
        "one answer for whatever is wrong"
    );
}
