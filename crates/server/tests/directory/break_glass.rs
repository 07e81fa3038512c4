use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::client::{Client, at_once, body, count};
use crate::installation::Installation;

/// Makes an account as the documentation shows it and returns its password.
fn made(installation: &Installation) -> String {
    installation.done(&["break-glass", "create", "safe"]).lines().last().unwrap().to_owned()
}

async fn sign_in(installation: &Installation, account: &str, password: &str) -> reqwest::Response {
    let nobody = Client::with_token(&installation.server.url, "");
    nobody.post("/auth/break-glass", json!({ "account": account, "password": password })).await
}

/// The door opens for the one with the password, everybody is told, and nobody sees who came in.
async fn whole_night(installation: Installation) {
    let password = made(&installation);
    let wrong = sign_in(&installation, "safe", "not-this-one").await;
    let unknown = sign_in(&installation, "nobody", &password).await;
    assert_eq!((wrong.status(), unknown.status()), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    let told = |problem: Value| (problem["type"].clone(), problem["detail"].clone(), problem["title"].clone());
    assert_eq!(told(wrong.json().await.unwrap()), told(unknown.json().await.unwrap()));

    let answer = body(sign_in(&installation, " SAFE ", &password).await).await;
    assert_eq!(answer["expiresIn"], 1800);
    let admin = Client::with_token(&installation.server.url, answer["accessToken"].as_str().unwrap());
    let people = admin.get("/api/users?limit=200").await;
    let names: Vec<_> =
        people["items"].as_array().unwrap().iter().map(|user| user["userName"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada@example.com", "grace@example.com", "linus@example.com"]);
    let me = admin.get("/api/users/me").await;
    assert_eq!((&me["source"], &me["role"]), (&json!("local"), &json!("admin")));
    let id = me["id"].as_str().unwrap();
    let seen = installation.scim(Method::GET, &format!("/Users/{id}"), None).await;
    assert_eq!(seen.status(), StatusCode::NOT_FOUND);
    assert_eq!(installation.get("/Users?count=0").await["totalResults"], 3);
    for (method, path, sent) in [
        (Method::POST, "/api/mobile/token", json!({})),
        (Method::POST, "/api/notifications/devices", json!({ "platform": "android", "token": "t" })),
        (Method::GET, "/api/notifications/preferences", Value::Null),
    ] {
        let answer = admin.send(method, path, (!sent.is_null()).then_some(sent)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }

    let mails = installation.told("break-glass account safe").await;
    assert_eq!(
        mails.iter().map(|(channel, to, _)| (channel.as_str(), to.as_str())).collect::<Vec<_>>(),
        [("email", "ada@example.com")]
    );
    for (action, expected) in [("breakglass.used", 1), ("breakglass.refused", 2), ("breakglass.created", 1)] {
        let page = admin.get(&format!("/api/audit?action={action}")).await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), expected, "{action}");
        assert!(items.iter().all(|record| record["details"]["severity"] == "high"), "{items:?}");
    }
    let log = installation.folder.log();
    assert!(!log.contains(&password) && !log.contains(admin.token()), "{log}");

    installation.done(&["break-glass", "revoke", "safe"]);
    assert_eq!(admin.send(Method::GET, "/api/users", None).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&installation, "safe", &password).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_glass_is_broken_told_and_mended_over_sqlite() {
    whole_night(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_glass_is_broken_told_and_mended_over_postgres() {
    whole_night(Installation::on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_guesses_is_refused_and_locks_nobody_out() {
    let installation = Installation::on_sqlite();
    let password = made(&installation);
    let nobody = Client::with_token(&installation.server.url, "");
    let answers = at_once(60, || {
        let nobody = nobody.clone();
        async move { nobody.post("/auth/break-glass", json!({ "account": "safe", "password": "guess" })).await }
    })
    .await;
    let (refused, busy) = (count(&answers, 401), count(&answers, 503));
    assert_eq!(refused + busy, 60);
    assert!(refused > 0 && busy > 0, "{refused} refused, {busy} found the queue full");
    for answer in answers.iter().filter(|answer| answer.status() == 503) {
        assert!(answer.headers().contains_key("retry-after"));
    }
    assert_eq!(sign_in(&installation, "safe", &password).await.status(), StatusCode::OK);
}
