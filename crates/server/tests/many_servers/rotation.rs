//! The rotations of docs/maintenance.md, step by step, against real servers: two over one PostgreSQL, restarted one after
//! the other, and one over SQLite.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use muster_testkit_postgres::empty_database;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::client::{Client, body};
use crate::common::{Ended, Folder, Server};
use crate::runbook::{self, Step};

/// Whose every channel is proven before the rotation.
const PROVEN: &str = "rota@rotation.example";

/// An installation under rotation.
struct Rotation {
    folder: Folder,
    /// What does not change.
    settings: Vec<(String, String)>,
    /// The keys of the step.
    keys: Vec<(String, String)>,
    servers: Vec<Server>,
    /// An access token of before the rotation.
    token: String,
    /// The refresh token that the phone has.
    refresh_token: String,
    /// How many people were asked for codes so far.
    asked: usize,
}

impl Rotation {
    /// So many servers with keys of before, and somebody whose contacts and device are proven.
    async fn start(count: usize, database_url: Option<&str>) -> Self {
        let folder = Folder::new();
        let secrets = folder.path().join("secrets");
        fs::create_dir(&secrets).unwrap();
        let secrets = secrets.to_str().unwrap();
        let make = [
            format!("openssl rand -base64 32 >{secrets}/pepper"),
            format!("openssl genpkey -algorithm ed25519 -out {secrets}/signing-key.pem"),
        ];
        runbook::run(&folder, &make, &[]);
        let mut settings = vec![("MUSTER_PUBLIC_URL".to_owned(), "http://muster.test".to_owned())];
        settings.extend(database_url.map(|url| ("DATABASE_URL".to_owned(), url.to_owned())));
        let keys = vec![
            ("MUSTER_PEPPER_FILE".to_owned(), format!("{secrets}/pepper")),
            ("MUSTER_SIGNING_KEY_FILE".to_owned(), format!("{secrets}/signing-key.pem")),
        ];
        let person = |number: usize| {
            let email = if number == 0 { PROVEN.to_owned() } else { format!("person{number}@rotation.example") };
            json!({
                "userName": email,
                "emails": [{ "value": email, "primary": true }],
                "phoneNumbers": [{ "value": format!("+120255501{number:02}"), "type": "mobile" }],
            })
        };
        folder.write("people.json", Value::from((0..20).map(person).collect::<Vec<_>>()).to_string());
        let mut rotation = Self {
            folder,
            settings,
            keys,
            servers: Vec::new(),
            token: String::new(),
            refresh_token: String::new(),
            asked: 0,
        };
        assert_eq!(rotation.muster(&["import", "people.json"]).code, Some(0));
        rotation.servers = (0..count).map(|_| rotation.serve()).collect();
        let rota = Client::sign_in(&rotation.servers[0].url, PROVEN).await;
        let device = json!({ "platform": "ios", "token": "rotating" });
        assert_eq!(rota.post("/api/notifications/devices", device).await.status(), 201);
        for method in ["email", "sms", "push"] {
            let code = rota.code(method).await;
            assert_eq!(rota.verify(method, &code).await.status(), 200);
        }
        rotation.refresh_token = rota.open_session().await;
        rotation.token = rota.token().to_owned();
        rotation
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().chain(&self.keys).map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn muster(&self, arguments: &[&str]) -> Ended {
        self.folder.run_with(arguments, &self.settings())
    }

    fn serve(&self) -> Server {
        self.folder.serve_with(&self.settings())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.muster(arguments);
        serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{arguments:?}: {} {}", ended.out, ended.err))
    }

    /// Puts a step's keys in the place of those of their kind that were there.
    fn take(&mut self, step: &Step) {
        let kind = if step.settings[0].0.contains("PEPPER") { "PEPPER" } else { "SIGNING_KEY" };
        self.keys.retain(|(name, _)| !name.contains(kind));
        self.keys.extend(step.settings.iter().cloned());
    }

    /// Does one step as it is written: commands, new settings, a restart of one server after the other. All is well after
    /// each restart.
    async fn step(&mut self, step: &Step) {
        runbook::run(&self.folder, &step.before, &self.settings());
        self.take(step);
        for index in 0..self.servers.len() {
            self.asked += 1;
            let person = format!("person{}@rotation.example", self.asked);
            let client = Client::sign_in(&self.servers[index].url, &person).await;
            let code = client.code("email").await;
            assert!(self.servers.remove(index).stop().success());
            self.servers.insert(index, self.serve());
            // A code of before the restart works at whichever server the person meets next.
            let next = (index + 1) % self.servers.len();
            let verified = client.at(&self.servers[next].url).verify("email", &code).await;
            assert_eq!(verified.status(), 200, "a code of before is refused in {:?}", step.settings);
            self.assert_well(&step.settings).await;
        }
    }

    /// Nobody is unproven, no token ended, and the phone goes on, at every server.
    async fn assert_well(&mut self, during: &[(String, String)]) {
        let at_each: Vec<Client> =
            self.servers.iter().map(|server| Client::with_token(&server.url, &self.token)).collect();
        // The directory says once more what it said before.
        let imported = self.muster(&["import", "people.json"]);
        assert_eq!(imported.code, Some(0), "{}", imported.err);
        let mut tokens = vec![self.token.clone()];
        let mut successors = HashSet::new();
        for client in &at_each {
            let status = client.get("/api/notifications/verification/status").await;
            assert_eq!(status["canBeOnCall"], json!(true), "{during:?}: {status}");
            // The phone asks everywhere, as if each answer but the last had been lost.
            let refreshed = body(client.refresh(&self.refresh_token).await).await;
            successors.insert(refreshed["refreshToken"].as_str().unwrap().to_owned());
            tokens.push(refreshed["accessToken"].as_str().unwrap().to_owned());
            let registered =
                client.post("/api/notifications/devices", json!({ "platform": "ios", "token": "rotating" }));
            assert_eq!(registered.await.status(), 200, "{during:?}: one push token became two devices");
        }
        assert_eq!(successors.len(), 1, "{during:?}: one refresh token has several successors");
        self.refresh_token = successors.into_iter().next().unwrap();
        for token in &tokens {
            for client in &at_each {
                let answer = client.holding(token).send(Method::GET, "/api/users/me", None).await;
                assert_eq!(answer.status(), 200, "{during:?}: an access token is refused");
            }
        }
        let report = self.json(&["audit", "verify", "--json"]);
        assert_eq!(report["faults"], json!([]), "{during:?}");
    }

    /// What doctor says of the pepper.
    fn findings(&self) -> String {
        let report = self.json(&["doctor", "--json"]);
        let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == "pepper");
        findings.map(|finding| format!("{}: {}", finding["verdict"], finding["detail"])).collect::<Vec<_>>().join("\n")
    }

    /// Waits until every record that there is was sealed.
    async fn sealed(&self, verify: &[&str]) -> Value {
        let records = || self.muster(&["audit", "export"]).out.lines().count();
        for _ in 0..600 {
            let report = self.json(verify);
            if report["checked"].as_u64().unwrap() >= records() as u64 {
                return report;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("not sealed: {}", self.folder.log());
    }

    /// The rotation of the pepper, from its first step to its last.
    async fn rotate_pepper(&mut self) {
        let steps = runbook::steps("### The pepper", &self.folder);
        assert_eq!(steps.len(), 3, "{steps:?}");
        self.step(&steps[0]).await;
        self.step(&steps[1]).await;
        self.moved().await;
        assert!(self.findings().contains("MUSTER_PEPPER_PREVIOUS can be removed"), "{}", self.findings());
        self.sealed(&["audit", "verify", "--json"]).await;
        // From the last step on the old file is needed to verify what was sealed with it.
        runbook::run(&self.folder, &steps[2].before, &self.settings());
        self.take(&steps[2]);
        for index in 0..self.servers.len() {
            assert!(self.servers.remove(index).stop().success());
            self.servers.insert(index, self.serve());
        }
        let old = self.folder.path().join("secrets/pepper");
        let verify = ["audit", "verify", "--json", "--old-pepper-file", old.to_str().unwrap()];
        let report = self.sealed(&verify).await;
        assert_eq!(report["faults"], json!([]));
        let without = self.json(&["audit", "verify", "--json"]);
        assert!(without["faults"][0].as_str().unwrap().contains("which was not given"), "{without}");
        assert!(self.findings().contains("has every contact and device"), "{}", self.findings());
        self.assert_serves().await;
    }

    /// Waits until nothing but refresh tokens is left under a previous pepper.
    async fn moved(&self) {
        let mut rows = Value::Null;
        for _ in 0..300 {
            rows = self.json(&["pepper", "status", "--json"])["rows"].clone();
            if ["emails", "phones", "devices"].iter().all(|kind| rows[kind].get("previous").is_none()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("not moved: {rows} {}", self.folder.log());
    }

    /// [`Rotation::assert_well`] without the audit trail.
    async fn assert_serves(&mut self) {
        let mut successors = HashSet::new();
        for server in &self.servers {
            let client = Client::with_token(&server.url, &self.token);
            let status = client.get("/api/notifications/verification/status").await;
            assert_eq!(status["canBeOnCall"], json!(true), "{status}");
            let refreshed = body(client.refresh(&self.refresh_token).await).await;
            successors.insert(refreshed["refreshToken"].as_str().unwrap().to_owned());
        }
        assert_eq!(successors.len(), 1);
        self.refresh_token = successors.into_iter().next().unwrap();
    }

    async fn kids(&self) -> Vec<HashSet<String>> {
        let mut kids = Vec::new();
        for server in &self.servers {
            let keys = Client::with_token(&server.url, "").get("/.well-known/jwks.json").await;
            let of = |key: &Value| key["kid"].as_str().unwrap().to_owned();
            kids.push(keys["keys"].as_array().unwrap().iter().map(of).collect());
        }
        kids
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pepper_is_rotated_over_postgresql_and_nobody_notices() {
    let database = empty_database().await;
    Rotation::start(2, Some(&database.url)).await.rotate_pepper().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pepper_is_rotated_over_sqlite_and_nobody_notices() {
    Rotation::start(1, None).await.rotate_pepper().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_key_is_rotated_and_no_access_token_ends_early() {
    let database = empty_database().await;
    let mut rotation = Rotation::start(2, Some(&database.url)).await;
    let steps = runbook::steps("### The signing key", &rotation.folder);
    assert_eq!(steps.len(), 3, "{steps:?}");
    let before = rotation.kids().await;
    rotation.step(&steps[0]).await;
    let published = rotation.kids().await;
    assert!(published.iter().all(|kids| kids.len() == 2 && kids.is_superset(&before[0])), "{published:?}");
    rotation.step(&steps[1]).await;
    assert_eq!(rotation.kids().await, published, "whoever keeps the key set for five minutes knows both keys");

    // Tokens of before are over by now.
    let of_the_old = rotation.token.clone();
    rotation.token = Client::sign_in(&rotation.servers[0].url, PROVEN).await.token().to_owned();
    rotation.step(&steps[2]).await;
    let after = rotation.kids().await;
    assert!(after.iter().all(|kids| kids.len() == 1 && kids.is_disjoint(&before[0])), "{after:?}");
    let refused = Client::with_token(&rotation.servers[0].url, &of_the_old);
    assert_eq!(refused.send(Method::GET, "/api/users/me", None).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pepper_that_leaked_is_cut_short_and_only_codes_end() {
    let mut rotation = Rotation::start(1, None).await;
    let person = Client::sign_in(&rotation.servers[0].url, "person1@rotation.example").await;
    let code = person.code("email").await;
    rotation.sealed(&["audit", "verify", "--json"]).await;
    let make = runbook::steps("### The pepper", &rotation.folder).swap_remove(0).before;
    runbook::run(&rotation.folder, &make, &[]);
    let steps = runbook::steps("#### When the pepper leaked", &rotation.folder);
    let [step] = steps.as_slice() else { panic!("{steps:?}") };
    assert!(rotation.servers.remove(0).stop().success());
    rotation.take(step);
    let left = rotation.findings();
    assert!(
        left.contains("bad") && left.contains("stays proven"),
        "an operator who forgot the commands is told: {left}"
    );
    for ended in runbook::run(&rotation.folder, &step.after, &rotation.settings()) {
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    }
    rotation.servers.push(rotation.serve());
    rotation.assert_serves().await;
    assert_eq!(person.at(&rotation.servers[0].url).verify("email", &code).await.status(), 422);
    assert!(rotation.findings().contains("has every contact and device"), "{}", rotation.findings());
    let old = rotation.folder.path().join("secrets/pepper");
    let report = rotation.sealed(&["audit", "verify", "--json", "--old-pepper-file", old.to_str().unwrap()]).await;
    assert_eq!(report["faults"], json!([]));
}
