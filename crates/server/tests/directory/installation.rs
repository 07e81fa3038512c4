use std::time::Duration;

use muster_testkit_postgres::{Database, empty_database};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::common::client::{Client, body};
use crate::common::{Folder, Server};

pub(crate) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A server in development mode, whose outbox shows what people are told, and a key of the directory's.
pub(crate) struct Installation {
    pub(crate) folder: Folder,
    settings: Vec<(&'static str, String)>,
    pub(crate) server: Server,
    pub(crate) directory: Client,
    _database: Option<Database>,
}

impl Installation {
    /// One over an SQLite file.
    pub(crate) fn on_sqlite() -> Self {
        Self::with(&[])
    }

    /// One over a PostgreSQL database of its own.
    pub(crate) async fn on_postgres() -> Self {
        Self::on_postgres_with(&[]).await
    }

    pub(crate) async fn on_postgres_with(settings: &[(&'static str, &str)]) -> Self {
        let database = empty_database().await;
        let installation = Self::with(&[settings, &[("DATABASE_URL", database.url.as_str())]].concat());
        Self { _database: Some(database), ..installation }
    }

    pub(crate) fn with(settings: &[(&'static str, &str)]) -> Self {
        let folder = Folder::new();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let given: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let server = folder.serve_with(&given);
        let key = key(&folder, &given, "scim");
        let directory = Client::with_token(&server.url, &key);
        Self { folder, settings, server, directory, _database: None }
    }

    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Runs a command, which must do what it was told, and returns what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let ended = self.folder.run_with(arguments, &self.settings());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.err);
        ended.out
    }

    pub(crate) async fn scim(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        self.directory.send(method, &format!("/scim/v2{path}"), body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        body(self.scim(Method::GET, path, None).await).await
    }

    /// Adds somebody, who gets an e-mail address and a phone number.
    pub(crate) async fn add(&self, name: &str) -> Value {
        let added = self.scim(Method::POST, "/Users", Some(person(name))).await;
        assert_eq!(added.status(), StatusCode::CREATED);
        body(added).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Response {
        self.scim(Method::PATCH, path, Some(json!({ "schemas": [PATCH_OP], "Operations": operations }))).await
    }

    /// Okta's way to deactivate.
    pub(crate) async fn deactivate(&self, id: &str) -> Response {
        self.patch(&format!("/Users/{id}"), json!([{ "op": "replace", "value": { "active": false } }])).await
    }

    pub(crate) async fn sign_in(&self, email: &str) -> Client {
        Client::sign_in(&self.server.url, email).await
    }

    /// Waits until the outbox holds a message that has these words, and returns its channel, address and text.
    pub(crate) async fn told(&self, words: &str) -> Vec<(String, String, String)> {
        for _ in 0..100 {
            let outbox = self.directory.get("/dev/outbox").await;
            let text = |message: &Value, field: &str| message[field].as_str().unwrap_or_default().to_owned();
            let fitting: Vec<_> = outbox
                .as_array()
                .unwrap()
                .iter()
                .map(|message| (text(message, "channel"), text(message, "to"), text(message, "body")))
                .filter(|(_, _, body)| body.contains(words))
                .collect();
            if !fitting.is_empty() {
                return fitting;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nobody was told {words}");
    }
}

/// Makes a key as the documentation shows it.
pub(crate) fn key(folder: &Folder, settings: &[(&str, &str)], scopes: &str) -> String {
    let made = folder.run_with(&["key", "create", "--name", "Okta", "--scopes", scopes], settings);
    made.out.lines().last().unwrap_or_else(|| panic!("{}", made.err)).to_owned()
}

/// What Okta sends of somebody new.
pub(crate) fn person(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("{name}@scim.example"),
        "name": { "givenName": name, "familyName": "Example" },
        "emails": [{ "primary": true, "value": format!("{name}@scim.example"), "type": "work" }],
        "phoneNumbers": [{ "value": "+1 202 555 0143", "type": "mobile" }],
        "displayName": format!("{name} Example"),
        "locale": "en-US",
        "externalId": format!("00u{name}"),
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}
