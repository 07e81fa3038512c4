use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::client::{Client, body};
use crate::installation::{Installation, key, person};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// What Okta does with somebody from the first day to the last (its SCIM 2.0 protocol reference, "Users").
async fn whole_life(installation: Installation) {
    let filter = "/Users?filter=userName%20eq%20%22ada%40scim.example%22&startIndex=1&count=100";
    let none = installation.get(filter).await;
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])));

    let added = installation.scim(Method::POST, "/Users", Some(person("ada"))).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    assert_eq!(added.headers()["content-type"], "application/scim+json");
    let (location, etag) = (added.headers()["location"].clone(), added.headers()["etag"].clone());
    let ada = body(added).await;
    assert_eq!(location, ada["meta"]["location"].as_str().unwrap());
    assert_eq!(etag, ada["meta"]["version"].as_str().unwrap());
    assert_eq!((&ada["active"], &ada["phoneNumbers"][0]["value"]), (&json!(true), &json!("+1 202 555 0143")));
    let id = ada["id"].as_str().unwrap();
    let path = format!("/Users/{id}");

    let again = installation.scim(Method::POST, "/Users", Some(person("ADA"))).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["scimType"], &again["status"]), (&json!("uniqueness"), &json!("409")));
    let found = installation.get(filter).await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));

    let phone = installation.sign_in("ada@scim.example").await;
    let session = phone.open_session().await;
    let mut changed = ada.clone();
    changed["name"]["givenName"] = json!("Augusta");
    let put = body(installation.scim(Method::PUT, &path, Some(changed)).await).await;
    assert_eq!(put["name"]["givenName"], "Augusta");
    assert_eq!(put["externalId"], "00uada");

    assert_eq!(installation.deactivate(id).await.status(), StatusCode::OK);
    assert_eq!(phone.refresh(&session).await.status(), 401);
    assert_eq!(phone.send(Method::GET, "/api/users/me", None).await.status(), 401);
    assert_eq!(installation.get(&path).await["active"], false);
    let back = installation.patch(&path, json!([{ "op": "Replace", "path": "active", "value": "True" }])).await;
    assert_eq!(body(back).await["active"], true);
    assert_eq!(phone.refresh(&session).await.status(), 401, "no session comes back");
    assert_eq!(phone.send(Method::GET, "/api/users/me", None).await.status(), 200);

    assert_eq!(installation.scim(Method::DELETE, &path, None).await.status(), StatusCode::NO_CONTENT);
    let gone = installation.scim(Method::GET, &path, None).await;
    assert_eq!(
        (gone.status(), &gone.headers()["content-type"]),
        (StatusCode::NOT_FOUND, &"application/scim+json".parse().unwrap())
    );
    let gone: Value = gone.json().await.unwrap();
    assert_eq!((&gone["schemas"], &gone["status"]), (&json!([ERROR]), &json!("404")));
    assert_eq!(phone.send(Method::GET, "/api/users/me", None).await.status(), 401);
    let next = installation.add("ada").await;
    assert_ne!(next["id"], ada["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_delivers_changes_deactivates_and_removes_somebody_over_sqlite() {
    whole_life(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_delivers_changes_deactivates_and_removes_somebody_over_postgres() {
    whole_life(Installation::on_postgres().await).await;
}

/// What Okta does with a group that is pushed ("Groups").
async fn group(installation: Installation) {
    let (ada, grace) = (installation.add("ada").await, installation.add("grace").await);
    let (ada, grace) = (ada["id"].as_str().unwrap(), grace["id"].as_str().unwrap());
    let new = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Night shift",
        "members": [{ "value": ada, "display": "ada@scim.example" }],
    });
    let added = installation.scim(Method::POST, "/Groups", Some(new.clone())).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let group = body(added).await;
    let id = group["id"].as_str().unwrap().to_owned();
    let path = format!("/Groups/{id}");
    assert_eq!(installation.scim(Method::POST, "/Groups", Some(new)).await.status(), StatusCode::CONFLICT);

    let admin = installation.sign_in("ada@example.com").await;
    let role = format!("/api/teams/{id}/members/{ada}");
    let given = admin.send(Method::PATCH, &role, Some(json!({ "role": "team_admin" }))).await;
    assert_eq!(given.status(), StatusCode::OK);
    let operations = json!([
        { "op": "replace", "value": { "id": id, "displayName": "Night" } },
        { "op": "add", "path": "members", "value": [{ "value": grace, "display": "grace@scim.example" }] },
    ]);
    assert!(installation.patch(&path, operations).await.status().is_success());
    let replace = json!([{ "op": "replace", "path": "members", "value": [{ "value": ada }, { "value": grace }] }]);
    assert!(installation.patch(&path, replace).await.status().is_success());
    let team = admin.get(&format!("/api/teams/{id}")).await;
    assert_eq!((&team["name"], &team["syncedFromDirectory"]), (&json!("Night"), &json!(true)));
    let roles: Vec<_> = team["members"].as_array().unwrap().iter().map(|member| &member["role"]).collect();
    assert_eq!(roles, ["team_admin", "responder"]);

    let half = json!([
        { "op": "remove", "path": format!("members[value eq \"{ada}\"]") },
        { "op": "add", "path": "members", "value": [{ "value": "no id" }] },
    ]);
    assert_eq!(installation.patch(&path, half).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(installation.get(&path).await["members"].as_array().unwrap().len(), 2, "all of it or nothing");
    let stale =
        json!([{ "op": "add", "path": "members", "value": [{ "value": "01a20320-a200-7e23-a324-5aa232a9e247" }] }]);
    assert_eq!(installation.patch(&path, stale).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(installation.get(&path).await["members"].as_array().unwrap().len(), 2, "a stale member is left out");
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]);
    assert!(installation.patch(&path, remove).await.status().is_success());
    let left = installation.get(&path).await;
    assert_eq!(left["members"].as_array().unwrap().len(), 1);
    assert!(installation.get(&format!("{path}?excludedAttributes=members")).await.get("members").is_none());
    assert_eq!(installation.scim(Method::DELETE, &path, None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.send(Method::GET, &format!("/api/teams/{id}"), None).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_group_is_a_team_whose_roles_stay_over_sqlite() {
    group(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_group_is_a_team_whose_roles_stay_over_postgres() {
    group(Installation::on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_fails_in_scims_own_words() {
    let installation = Installation::on_sqlite();
    let ada = installation.add("ada").await;
    let path = format!("/scim/v2/Users/{}", ada["id"].as_str().unwrap());
    let nobody = installation.directory.holding("");
    let other = key(&installation.folder, &installation.settings(), "users:read");
    let other = installation.directory.holding(&other);
    let owner: Client = installation.sign_in("ada@example.com").await;
    for (client, method, path, expected) in [
        (&nobody, Method::GET, path.as_str(), 401),
        (&installation.directory.holding("mst_key_x"), Method::GET, &path, 401),
        (&other, Method::GET, &path, 403),
        (&owner, Method::DELETE, &path, 403),
        (&installation.directory, Method::GET, "/scim/v2/Schemas?filter=id%20pr", 403),
        (&installation.directory, Method::GET, "/scim/v2/Users/1", 404),
        (&installation.directory, Method::GET, "/scim/v2/Nothing", 404),
        (&installation.directory, Method::POST, &path, 405),
        (&installation.directory, Method::GET, "/scim/v2/Users?filter=userName%20eq", 400),
        (&installation.directory, Method::GET, "/scim/v2/Users?filter=nickName%20eq%20%22x%22", 400),
    ] {
        let answer = client.send(method, path, None).await;
        assert_eq!(answer.status(), expected, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/scim+json", "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["schemas"], json!([ERROR]), "{path}");
        assert_eq!(body["status"], expected.to_string(), "{path}");
        assert!(!body["detail"].as_str().unwrap().is_empty(), "{path}");
    }
}
