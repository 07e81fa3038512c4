use muster_testkit_postgres::{Database, empty_database};
use muster_testkit_providers::OidcProvider;
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::{Folder, Server};

/// A server of a test's own, so that nothing that is tried there is in another's way.
pub(crate) struct Installation {
    pub(crate) folder: Folder,
    pub(crate) server: Server,
    settings: Vec<(&'static str, String)>,
    others: Option<(Database, OidcProvider)>,
}

const AUDIENCE: &str = "api://muster";
const PROVIDERS_KEY: &str = "first";

impl Installation {
    /// One in development mode, with its seeded directory in an SQLite file.
    pub(crate) fn development() -> Self {
        let settings = [
            // The cases come from one address, faster than strangers may ask; production has the limit on.
            ("MUSTER_ANONYMOUS_REQUESTS_PER_MINUTE", "0"),
            // With it on, all but the first few people who are removed would be answered alike.
            ("MUSTER_DEACTIVATION_BRAKE_PERCENT", "100"),
        ];
        let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self::start(Folder::new(), settings, None)
    }

    /// One in production mode on PostgreSQL with every limit as it comes. Its people sign in with a provider, `admin` is an
    /// admin.
    pub(crate) async fn production(admin: &str) -> Self {
        let (database, provider) = (empty_database().await, OidcProvider::start().await);
        provider.add_key("RS256", PROVIDERS_KEY).await;
        let issuer = provider.issuer();
        let settings = [
            ("DATABASE_URL", database.url.as_str()),
            ("MUSTER_MODE", "production"),
            ("MUSTER_PUBLIC_URL", "https://muster.example.com"),
            ("MUSTER_PEPPER", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("MUSTER_SIGNING_KEY", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
            ("MUSTER_TRUSTED_PROXIES", "127.0.0.1"),
            ("MUSTER_CHANNELS", "push"),
            ("VAPID_PRIVATE_KEY", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
            ("VAPID_SUBJECT", "mailto:pager@example.com"),
            ("MUSTER_OIDC_ISSUER", issuer.as_str()),
            ("MUSTER_OIDC_AUDIENCE", AUDIENCE),
        ];
        let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
        let folder = Folder::new();
        let people = [admin, "grace@example.com", "linus@example.com"].map(person);
        folder.write("people.json", Value::from(people.to_vec()).to_string());
        for command in [&["migrate"][..], &["import", "people.json"], &["admin", "grant", admin]] {
            done(&folder, command, &settings);
        }
        Self::start(folder, settings, Some((database, provider)))
    }

    fn start(folder: Folder, settings: Vec<(&'static str, String)>, others: Option<(Database, OidcProvider)>) -> Self {
        let server = folder.serve_with(&borrowed(&settings));
        Self { folder, server, settings, others }
    }

    /// Somebody with a credential.
    pub(crate) async fn sign_in(&self, user_name: &str) -> Client {
        let Some((_, provider)) = &self.others else { return Client::sign_in(&self.server.url, user_name).await };
        let claims = json!({ "aud": AUDIENCE, "sub": user_name });
        let token = provider.token(PROVIDERS_KEY, json!({}), claims).await.token;
        Client::with_token(&self.server.url, &token)
    }

    /// A service with a key of these scopes.
    pub(crate) fn service(&self, scopes: &str) -> Client {
        let made = done(&self.folder, &["key", "create", "--name", "a service", "--scopes", scopes], &self.settings);
        Client::with_token(&self.server.url, made.lines().last().unwrap())
    }

    /// The password of a new admin of last resort of that name.
    pub(crate) fn break_glass(&self, name: &str) -> String {
        let made = done(&self.folder, &["break-glass", "create", name], &self.settings);
        made.lines().last().unwrap().to_owned()
    }
}

/// Somebody whom the provider knows by their user name.
fn person(name: &str) -> Value {
    json!({ "externalId": name, "userName": name, "emails": [{ "value": name, "primary": true }] })
}

fn done(folder: &Folder, arguments: &[&str], settings: &[(&'static str, String)]) -> String {
    let ended = folder.run_with(arguments, &borrowed(settings));
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.err);
    ended.out
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
