use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::client::{Client, body};
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

/// How many wrong passwords are tried at the least, before and while the admin signs in.
const FLOOD: usize = 1_000;

/// Whoever has the password signs in while it is flooded from their own address and afterwards.
async fn flood(installation: Installation) -> String {
    let password = made(&installation);
    let (sent, refused, is_over) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let guessers: Vec<_> = (0..32)
        .map(|_| {
            let nobody = Client::with_token(&installation.server.url, "");
            let (sent, refused, is_over) = (sent.clone(), refused.clone(), is_over.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::SeqCst) || sent.load(Ordering::SeqCst) < FLOOD {
                    let guess = json!({ "account": "safe", "password": "guess" });
                    let answer = nobody.post("/auth/break-glass", guess).await;
                    match answer.status() {
                        StatusCode::UNAUTHORIZED => drop(refused.fetch_add(1, Ordering::SeqCst)),
                        StatusCode::SERVICE_UNAVAILABLE => assert!(answer.headers().contains_key("retry-after")),
                        other => panic!("a guess was answered {other}"),
                    }
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    while sent.load(Ordering::SeqCst) < FLOOD / 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let began = Instant::now();
    let mut tries = 1;
    let admin = loop {
        let answer = sign_in(&installation, "safe", &password).await;
        if answer.status() == StatusCode::OK {
            break answer;
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "the flood locked the account");
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        tokio::time::sleep(Duration::from_secs(wait)).await;
        tries += 1;
        assert!(tries <= 3, "the flood holds up the right password");
    };
    let signed_in = format!("signed in during the flood after {:?} and {tries} tries", began.elapsed());
    let admin = Client::with_token(&installation.server.url, body(admin).await["accessToken"].as_str().unwrap());
    is_over.store(true, Ordering::SeqCst);
    for guesser in guessers {
        guesser.await.unwrap();
    }
    assert_eq!(sign_in(&installation, "safe", &password).await.status(), StatusCode::OK, "and afterwards");

    let refused = refused.load(Ordering::SeqCst);
    assert!(refused >= 10, "{refused} were checked");
    let singles = admin.get("/api/audit?action=breakglass.refused&limit=200").await;
    assert_eq!(singles["items"].as_array().unwrap().len(), 9, "each attempt of a flood is recorded");
    let floods = admin.get("/api/audit?action=breakglass.flooded&limit=200").await;
    let attempts: Vec<_> = floods["items"].as_array().unwrap().iter().map(|one| &one["details"]["attempts"]).collect();
    let expected: Vec<usize> = [1_000, 100, 10].into_iter().filter(|number| *number <= refused).collect();
    assert_eq!(json!(attempts), json!(expected));
    let mails = installation.told("break-glass passwords").await;
    assert_eq!(mails.iter().map(|(_, to, _)| to.as_str()).collect::<Vec<_>>(), ["ada@example.com"], "told once");
    format!("{signed_in}; {} guesses, {refused} of them checked", sent.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_guesses_locks_nobody_out_over_sqlite() {
    eprintln!("SQLite: {}", flood(Installation::on_sqlite()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_guesses_locks_nobody_out_over_postgres() {
    eprintln!("PostgreSQL: {}", flood(Installation::on_postgres().await).await);
}
