use std::io::Write;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Server;
use crate::common::client::{Client, at_once, body, count};
use crate::installation::{Installation, assert_refused, person, provider};

const NOBODYS: &str = "https://issuer.invalid";

/// Makes a key as the documentation shows it; returns it with its id.
fn made(installation: &Installation, arguments: &[&str]) -> (String, String) {
    let printed = installation.done(&[&["key"], arguments].concat());
    let mut tail = Command::new("tail");
    let mut tail = tail.args(["-n", "1"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    tail.stdin.take().unwrap().write_all(printed.as_bytes()).unwrap();
    let key = String::from_utf8(tail.wait_with_output().unwrap().stdout).unwrap().trim_end().to_owned();
    assert!(key.starts_with("mst_key_") && !key.contains(char::is_whitespace), "{key}");
    (key, printed.split_whitespace().next().unwrap().to_owned())
}

async fn status(server: &Server, key: &str, path: &str) -> u16 {
    Client::with_token(&server.url, key).send(Method::GET, path, None).await.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_made_beside_a_running_server_works_at_once_for_its_scopes_alone() {
    let installation = Installation::trusting(NOBODYS);
    installation.import(&[person("00u1", "ada@keys.example")]);
    let server = installation.serve();
    let key = |scopes: &str| made(&installation, &["create", "--name", "Pager", "--scopes", scopes]).0;
    let (users, audit, both, other) =
        (key("users:read"), key("audit:read"), key("audit:read,users:read"), key("scim,readiness:read"));
    let people = body(Client::with_token(&server.url, &users).send(Method::GET, "/api/users", None).await).await;
    let id = people["items"][0]["id"].as_str().unwrap();
    let profile = format!("/api/users/{id}");
    for (path, expected) in [
        ("/api/users", [200, 403, 200, 403]),
        (profile.as_str(), [200, 403, 200, 403]),
        ("/api/audit", [403, 200, 200, 403]),
        ("/api/keys", [403, 403, 403, 403]),
        ("/api/users/me", [403, 403, 403, 403]),
        ("/api/notifications/preferences", [403, 403, 403, 403]),
        ("/api/mobile/tokens", [403, 403, 403, 403]),
    ] {
        for (key, expected) in [&users, &audit, &both, &other].into_iter().zip(expected) {
            assert_eq!(status(&server, key, path).await, expected, "{path}");
        }
    }
    let pager = Client::with_token(&server.url, &both);
    assert_eq!(pager.post("/api/mobile/token", json!({})).await.status(), 403, "a service has no phone");
    let new = json!({ "name": "More", "scopes": ["scim"] });
    assert_eq!(pager.post("/api/keys", new).await.status(), 403, "a key makes no key");
    installation.assert_silent(&[&users, &audit, &both, &other, "ada@keys.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_refused_as_soon_as_it_is_revoked() {
    let installation = Installation::trusting(NOBODYS);
    let server = installation.serve();
    let (key, id) = made(&installation, &["create", "--name", "Pager", "--scopes", "users:read"]);
    let (other, _) = made(&installation, &["create", "--name", "Pager", "--scopes", "users:read"]);
    assert_eq!(status(&server, &key, "/api/users").await, 200);
    installation.done(&["key", "revoke", &id]);
    assert_refused(&Client::with_token(&server.url, &key)).await;
    assert_eq!(status(&server, &key, "/api/users").await, 401);
    assert_eq!(status(&server, &other, "/api/users").await, 200, "another of that name goes on");
    assert_eq!(installation.run(&["key", "rotate", &id]).code, Some(1), "what is revoked is not rotated");
    let mut mistyped = other.clone();
    mistyped.replace_range(20..21, if &other[20..21] == "a" { "b" } else { "a" });
    for wrong in [&mistyped, &other[..57], &other.to_uppercase(), &format!("{other}0")] {
        assert_refused(&Client::with_token(&server.url, wrong)).await;
    }
    installation.assert_silent(&[&key, &other]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_goes_on_beside_its_successor_for_as_long_as_was_said() {
    let installation = Installation::trusting(NOBODYS);
    let server = installation.serve();
    let (first, id) = made(&installation, &["create", "--name", "Pager", "--scopes", "users:read"]);
    let (second, second_id) = made(&installation, &["rotate", &id, "--overlap-hours", "1"]);
    let (third, _) = made(&installation, &["rotate", &second_id, "--overlap-hours", "0"]);
    for (key, expected) in [(&first, 200), (&second, 401), (&third, 200)] {
        assert_eq!(status(&server, key, "/api/users").await, expected);
        assert_eq!(status(&server, key, "/api/audit").await, if expected == 200 { 403 } else { 401 });
    }
    let listed = installation.done(&["key", "list"]);
    assert_eq!(listed.lines().filter(|line| line.ends_with("  Pager")).count(), 3, "{listed}");
    for key in [&first, &second, &third] {
        assert!(!listed.contains(key.as_str()) && listed.contains(&key[..12]), "{listed}");
    }
    installation.assert_silent(&[&first, &second, &third]);
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_make_rotate_and_revoke_keys_and_the_trail_says_who_did() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    let server = installation.serve();
    let admin = installation.admin(&server, &provider).await;
    let new = json!({ "name": "Pager", "scopes": ["audit:read"] });
    let made = body(admin.post("/api/keys", new).await).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!(made["lastUsedAt"], Value::Null);
    assert_eq!(status(&server, key, "/api/audit").await, 200);
    let listed = admin.get("/api/keys").await;
    assert!(listed["items"][0]["lastUsedAt"].is_string(), "{listed}");
    assert!(listed["items"][0]["key"].is_null(), "{listed}");
    let rotated = body(admin.post(&format!("/api/keys/{id}/rotate"), json!({ "overlapSeconds": 3600 })).await).await;
    let successor = rotated["key"].as_str().unwrap();
    let revoked = admin.send(Method::DELETE, &format!("/api/keys/{id}"), None).await;
    assert_eq!(revoked.status(), 204);
    assert_eq!(status(&server, key, "/api/audit").await, 401, "what is revoked has no overlap");
    let trail = Client::with_token(&server.url, successor).get("/api/audit").await;
    let by_admin = admin.id().await;
    let mut actions = Vec::new();
    for record in trail["items"].as_array().unwrap() {
        let action = record["action"].as_str().unwrap();
        if action.contains("key") {
            assert_eq!(record["actor"]["id"], json!(by_admin), "{record}");
            actions.push(action.to_owned());
        }
    }
    assert_eq!(actions.len(), 3, "{actions:?}");
    let whole = trail.to_string();
    assert!(!whole.contains(key) && !whole.contains(successor), "{whole}");
    installation.assert_silent(&[key, successor]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_requests_at_once_may_use_one_key() {
    let installation = Installation::trusting(NOBODYS);
    let server = installation.serve();
    let (key, id) = made(&installation, &["create", "--name", "Pager", "--scopes", "users:read"]);
    let pager = Client::with_token(&server.url, &key);
    let answers = at_once(300, || {
        let pager = pager.clone();
        async move { pager.send(Method::GET, "/api/users", None).await }
    })
    .await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).filter(|s| *s != 200).collect();
    assert_eq!(count(&answers, 200), 300, "{statuses:?}");
    let listed = installation.done(&["key", "list"]);
    let line = listed.lines().find(|line| line.starts_with(&id)).unwrap();
    assert!(line.contains("  used 20"), "{line}");
    installation.assert_silent(&[&key]);
}
