use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use muster_crypto::{AccessTokenSigner, SigningKey};
use muster_domain::access::{AccessClaims, AccessTokens, Audience};
use muster_domain::user::UserStore;
use muster_persistence::Store;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::runtime::Handle;

use crate::common::client::Client;
use crate::common::secrecy::holders;
use crate::common::{Ended, Folder, Server};

pub(crate) const PUBLIC_URL: &str = "https://muster.example.com";
const PEPPER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SIGNING_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
/// Who reads the audit trail.
const ADMIN: &str = "ops@example.net";

/// Somebody on the roster.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) phone: String,
}

impl Person {
    pub(crate) fn new(email: &str, phone: &str) -> Self {
        Self { email: email.to_owned(), phone: phone.to_owned() }
    }

    /// As many different people, up to 800.
    pub(crate) fn many(count: usize) -> Vec<Self> {
        let areas = [202, 312, 415, 617, 713, 404, 206, 303];
        let person = |number: usize| Self {
            email: format!("person{number}@example.com"),
            phone: format!("+1{}55501{:02}", areas[number / 100], number % 100),
        };
        (0..count).map(person).collect()
    }
}

/// A setting's name and value.
pub(crate) type Setting = (&'static str, String);

/// Muster in production mode: a folder with a store and people in it, and what it is run with.
pub(crate) struct Installation {
    pub(crate) folder: Folder,
    settings: Vec<Setting>,
    people: Vec<Person>,
    secrets: Vec<String>,
}

impl Installation {
    /// One that is about to be set up.
    pub(crate) fn new() -> Self {
        let settings = [
            ("MUSTER_MODE", "production"),
            ("MUSTER_PUBLIC_URL", PUBLIC_URL),
            ("MUSTER_PEPPER", PEPPER),
            ("MUSTER_SIGNING_KEY", SIGNING_KEY),
            ("MUSTER_LOG", "trace"),
        ];
        let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self {
            folder: Folder::new(),
            settings,
            people: Vec::new(),
            secrets: [PEPPER, SIGNING_KEY].map(str::to_owned).to_vec(),
        }
    }

    /// The same with further settings, of which those that are secrets must never be logged.
    pub(crate) fn with(mut self, settings: impl IntoIterator<Item = Setting>) -> Self {
        for (name, value) in settings {
            if ["AWS_SECRET_ACCESS_KEY", "TWILIO_AUTH_TOKEN", "VAPID_PRIVATE_KEY"].contains(&name) {
                self.secrets.push(value.clone());
            }
            if ["FCM_SERVICE_ACCOUNT_FILE", "APNS_KEY_FILE"].contains(&name) {
                // A line in the middle of a PEM; the JSON of a service account has it with `\n` between lines.
                let text = std::fs::read_to_string(self.folder.path().join(&value)).unwrap().replace("\\n", "\n");
                self.secrets.push(text.lines().nth(if name.starts_with("APNS") { 1 } else { 5 }).unwrap().to_owned());
            }
            self.settings.retain(|(known, _)| *known != name);
            self.settings.push((name, value));
        }
        self
    }

    /// Makes the schema and imports people, an admin among them, as an operator does.
    pub(crate) fn import(mut self, people: Vec<Person>) -> Self {
        self.people = people;
        let user = |email: &str, phone: Option<&str>| {
            let mut user = json!({ "userName": email, "emails": [{ "value": email, "primary": true }] });
            if let Some(phone) = phone {
                user["phoneNumbers"] = json!([{ "value": phone, "type": "mobile" }]);
            }
            user
        };
        let mut roster: Vec<Value> = self.people.iter().map(|p| user(&p.email, Some(&p.phone))).collect();
        roster.push(user(ADMIN, None));
        self.folder.write("people.json", Value::from(roster).to_string());
        for command in [&["migrate"][..], &["import", "people.json"], &["admin", "grant", ADMIN]] {
            let ended = self.run(command);
            assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.err);
        }
        self
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.folder.run_with(arguments, &self.settings())
    }

    /// Starts the server.
    pub(crate) fn serve(&self) -> Server {
        self.folder.serve_with(&self.settings())
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Everybody on the roster and the admin, signed in. Production mode has no door of its own yet: their tokens are
    /// signed with the installation's key, as its server would.
    pub(crate) async fn sign_in(&self, server: &Server) -> (Vec<Client>, Client) {
        let signer = AccessTokenSigner::new(&SigningKey::parse(SIGNING_KEY).unwrap(), PUBLIC_URL.to_owned(), false);
        let url = format!("sqlite://{}", self.folder.path().join("data/muster.db").display());
        let store = Store::connect(&url, Handle::current()).unwrap();
        let nobody = Client::with_token(&server.url, "");
        let mut clients = Vec::new();
        for login in self.people.iter().map(|person| person.email.as_str()).chain([ADMIN]) {
            let claims = AccessClaims {
                user_id: store.find_login(login).await.unwrap().unwrap().id,
                session_id: None,
                audience: Audience::Mobile,
                issued_at: OffsetDateTime::UNIX_EPOCH,
                expires_at: OffsetDateTime::UNIX_EPOCH + Duration::weeks(52 * 100),
            };
            clients.push(nobody.holding(signer.sign(&claims).unwrap().expose()));
        }
        let admin = clients.pop().unwrap();
        (clients, admin)
    }

    /// As if every code had been sent a minute earlier, so that the next may follow.
    pub(crate) fn a_minute_passes(&self) {
        let file = self.folder.path().join("data/muster.db");
        let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        let earlier = "PRAGMA busy_timeout = 10000;
            UPDATE challenges SET opened_at = opened_at - 61000000, resend_after = resend_after - 61000000";
        connection.batch_execute(earlier).unwrap();
    }

    /// Fails when a log of its servers, or `told`, holds one of the settings' secrets, a whole contact of anybody's, a
    /// token, or one of these.
    pub(crate) fn assert_silent(&self, told: &str, secrets: &[String]) {
        assert_eq!(self.leak(told, secrets), None);
    }

    /// The first of them that is found, with its line.
    pub(crate) fn leak(&self, told: &str, secrets: &[String]) -> Option<String> {
        let log = format!("{told}\n{}", self.folder.log());
        // As they are, and as forms write them.
        let contacts = self
            .people
            .iter()
            .flat_map(|Person { email, phone }| [email.clone(), email.replace('@', "%40"), phone[1..].to_owned()]);
        let secrets = self.secrets.iter().chain(secrets).cloned().chain(contacts);
        let named = secrets.into_iter().find_map(|secret| {
            let line = *holders(&log, &secret).first()?;
            Some(format!("{secret} in {line}"))
        });
        // Every JWT begins with the first, and Basic authentication with Twilio's account with the second.
        let is_credential = |line: &&str| line.contains("eyJ") || line.contains("QUMwMTIz");
        named.or_else(|| log.lines().find(is_credential).map(str::to_owned))
    }
}
