//! Entra ID's soft delete: the directory frees a leaver's user name and deactivates them in one PATCH, while the token
//! that they hold lives on for an hour (docs/adr/0027).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::Server;
use crate::common::client::{Client, body};
use crate::installation::{Installation, KEY, assert_refused, me, provider, token};

const OBJECT: &str = "283405f5-aaaa-4bbb-8ccc-0ddd1eeec2a1";
const NAME: &str = "ralf@contoso.example";
const DELETED: &str = "283405f5aaaa4bbb8ccc0ddd1eeec2a1ralf@contoso.example";

/// The directory, by a key of its own.
struct Directory(Client);

impl Directory {
    fn of(installation: &Installation, server: &Server) -> Self {
        let made = installation.done(&["key", "create", "--name", "Entra", "--scopes", "scim"]);
        Self(Client::with_token(&server.url, made.lines().last().unwrap()))
    }

    async fn deliver(&self, user_name: &str) -> String {
        let person = json!({ "userName": user_name, "externalId": OBJECT, "active": true });
        let added = self.0.send(Method::POST, "/scim/v2/Users", Some(person)).await;
        assert_eq!(added.status(), StatusCode::CREATED);
        body(added).await["id"].as_str().unwrap().to_owned()
    }

    /// As Entra ID writes it, with true and false as texts.
    async fn patch(&self, id: &str, user_name: &str, active: &str) -> StatusCode {
        let operations = json!({ "Operations": [
            { "op": "Replace", "path": "userName", "value": user_name },
            { "op": "Replace", "path": "active", "value": active },
        ] });
        self.0.send(Method::PATCH, &format!("/scim/v2/Users/{id}"), Some(operations)).await.status()
    }

    /// Everybody whom it sees, by id and whether active.
    async fn people(&self) -> Vec<(String, bool)> {
        let listed = self.0.get("/scim/v2/Users").await;
        let people = listed["Resources"].as_array().cloned().unwrap_or_default();
        let text = |person: &Value| person["id"].as_str().unwrap().to_owned();
        people.iter().map(|person| (text(person), person["active"] == true)).collect()
    }
}

/// What Entra ID puts into a token: a `sub` of its own for each application, and the user name.
fn claims() -> Value {
    json!({ "sub": "pairwise-1", "preferred_username": NAME })
}

async fn assert_shut_out(person: &Client) {
    assert_refused(person).await;
    assert_eq!(person.post("/api/mobile/token", json!({})).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_whom_the_directory_renames_stays_out_and_comes_back_as_themselves() {
    let provider = provider().await;
    let plain = Installation::trusting(&provider.issuer());
    let taking = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    for installation in [plain, taking] {
        let server = installation.serve();
        let directory = Directory::of(&installation, &server);
        let id = directory.deliver(NAME).await;
        let ralf = Client::with_token(&server.url, &token(&provider, claims()).await);
        assert_eq!(ralf.id().await, id);
        let refresh = ralf.open_session().await;

        assert_eq!(directory.patch(&id, DELETED, "False").await, StatusCode::OK);
        assert_shut_out(&ralf).await;
        assert_eq!(ralf.refresh(&refresh).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(directory.people().await, [(id.clone(), false)], "a second person was made");

        assert_eq!(directory.patch(&id, NAME, "True").await, StatusCode::OK, "the restore is refused");
        assert_eq!(ralf.id().await, id);
        assert_eq!(directory.people().await, [(id.clone(), true)]);

        assert_eq!(directory.patch(&id, DELETED, "False").await, StatusCode::OK);
        let gone = directory.0.send(Method::DELETE, &format!("/scim/v2/Users/{id}"), None).await;
        assert_eq!(gone.status(), StatusCode::NO_CONTENT);
        assert_shut_out(&ralf).await;
        installation.assert_silent(&["pairwise-1", NAME, OBJECT]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_renamed_stays_themselves_with_the_token_of_before() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    let server = installation.serve();
    let directory = Directory::of(&installation, &server);
    let id = directory.deliver(NAME).await;
    let ralf = Client::with_token(&server.url, &token(&provider, claims()).await);
    assert_eq!(ralf.id().await, id);
    assert_eq!(directory.patch(&id, "ralf.king@contoso.example", "True").await, StatusCode::OK);
    assert_eq!(ralf.id().await, id);
    assert_eq!(directory.people().await, [(id, true)]);
    installation.assert_silent(&["pairwise-1", NAME, OBJECT]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_heals_the_second_person_that_an_older_release_made() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    let server = installation.serve();
    let directory = Directory::of(&installation, &server);
    // Renamed before names were remembered: nothing tells that the token is a leaver's.
    let id = directory.deliver(DELETED).await;
    assert_eq!(directory.patch(&id, DELETED, "False").await, StatusCode::OK);
    let twin = Client::with_token(&server.url, &token(&provider, claims()).await);
    let twin_id = twin.id().await;
    assert_ne!(twin_id, id);
    let refresh = twin.open_session().await;

    assert_eq!(directory.patch(&id, NAME, "True").await, StatusCode::OK, "the restore is refused");
    assert_eq!(directory.people().await, [(id.clone(), true)], "the second person is there still");
    assert_eq!(twin.refresh(&refresh).await.status(), StatusCode::UNAUTHORIZED, "the second person has a session");
    assert_shut_out(&twin).await;

    // Signs in again, which is later than the restore.
    let mut later = claims();
    later["iat"] = json!(provider.token(KEY, json!({}), json!({})).await.at + 5);
    let ralf = Client::with_token(&server.url, &token(&provider, later).await);
    assert_eq!(ralf.id().await, id);
    assert_eq!(me(&twin).await.status(), 200, "the sub is known now, whenever the token was made");
    installation.assert_silent(&["pairwise-1", NAME, OBJECT]);
}
