use std::collections::BTreeSet;
use std::process::Command;

use muster_testkit_providers::installed;
use reqwest::Method;
use serde_json::{Value, json};

use crate::belongings::{Belongings, ids, key};
use crate::common::client::Client;
use crate::installation::Installation;

/// How a caller is answered who tries what is owned, case by case: the operation and the status.
fn answers(installation: &Installation, caller: &Client, owned: &Value) -> Vec<(String, u64)> {
    let ran = Command::new(installed("schemathesis").join("bin/python"))
        .current_dir(installation.folder.path())
        .args(["-c", include_str!("strangers.py")])
        .envs([("MUSTER_URL", &installation.server.url), ("OWNED", &owned.to_string())])
        .env("CALLER", caller.token())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{err}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Fails when a stranger is let by somewhere; returns which operations were tried.
fn refused(installation: &Installation, stranger: &Client, owned: &Value) -> BTreeSet<String> {
    let answers = answers(installation, stranger, owned);
    let let_by: Vec<_> = answers.iter().filter(|(_, status)| !matches!(status, 403 | 404)).collect();
    assert!(let_by.is_empty(), "{let_by:?}");
    println!("a stranger: {} cases, all refused", answers.len());
    answers.into_iter().map(|(operation, _)| operation).collect()
}

/// What Grace owns, by path. What nobody owns is everybody's to read.
async fn owned_by_grace(grace: &Belongings, admin: &Client) -> Value {
    let team = &ids(admin, "/api/teams").await[0];
    let key = key(admin).await;
    let (user, id) = (&grace.user, |id: &str| json!([{ "id": id }]));
    json!({
        "/api/users/{id}": id(user),
        "/api/users/{id}/audit": id(user),
        "/api/users/{id}/role": id(user),
        "/api/teams/{id}": null,
        "/api/teams/{id}/members/{userId}": [{ "id": team, "userId": user }],
        "/api/notifications/devices/{id}": id(&grace.device),
        "/api/mobile/tokens/{id}": id(&grace.session),
        "/api/keys/{id}": id(&key),
        "/api/keys/{id}/rotate": id(&key),
        "/scim/v2/Users/{id}": id(user),
        "/scim/v2/Groups/{id}": id(team),
        "/scim/v2/ResourceTypes/{id}": id("User"),
        "/docs/{file}": null,
        "/scim/v2/Schemas/{id}": id("urn:ietf:params:scim:schemas:core:2.0:User"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_what_another_owns() {
    let installation = Installation::development();
    let ada = installation.sign_in("ada@example.com").await;
    let grace = installation.sign_in("grace@example.com").await;
    let linus = installation.sign_in("linus@example.com").await;
    let owned = Belongings::of(&grace).await;
    let before = Belongings::seen_by(&grace).await;

    let paths = owned_by_grace(&owned, &ada).await;
    assert!(refused(&installation, &linus, &paths).len() >= 16);

    // An admin may read people and change their roles; devices and phone sessions are their owner's alone.
    let personal = ["/api/notifications/devices/{id}", "/api/mobile/tokens/{id}"];
    let personal = only(&paths, &personal);
    assert_eq!(refused(&installation, &ada, &personal).len(), 2);
    for scope in ["users:read", "readiness:read", "audit:read", "scim"] {
        assert_eq!(refused(&installation, &installation.service(scope), &personal).len(), 2);
    }

    // Named in a body or a query instead of the path.
    let push = json!({ "method": "push", "deviceId": owned.device });
    assert_eq!(linus.post("/api/notifications/verification/send", push).await.status(), 422);
    let theirs = json!({ "deviceId": owned.device });
    assert_eq!(linus.post("/api/mobile/token", theirs).await.status(), 422);
    let audit = format!("/api/audit?userId={}", owned.user);
    assert_eq!(linus.send(Method::GET, &audit, None).await.status(), 403);

    assert_eq!(Belongings::seen_by(&grace).await, before, "nothing of hers changed");

    // What was tried is there: its owner gets it.
    let profile = answers(&installation, &grace, &only(&paths, &["/api/users/{id}"]));
    assert!(!profile.is_empty() && profile.iter().all(|(_, status)| *status == 200), "{profile:?}");
    let removed = answers(&installation, &grace, &personal);
    for operation in ["DELETE /api/notifications/devices/{id}", "DELETE /api/mobile/tokens/{id}"] {
        assert!(removed.contains(&(operation.to_owned(), 204)), "{operation}: {removed:?}");
    }
}

/// The same, with nothing to be tried but these.
fn only(owned: &Value, tried: &[&str]) -> Value {
    let mut owned = owned.clone();
    for (path, values) in owned.as_object_mut().unwrap() {
        if !tried.contains(&path.as_str()) {
            *values = Value::Null;
        }
    }
    owned
}
