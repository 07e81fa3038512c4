use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::client::{Client, at_once, body, count};
use crate::installation::{AUDIENCE, Installation, assert_refused, me, person, provider, token, user_name};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_by_external_id_else_by_user_name() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@signin.example"), person("", "Ben@SignIn.example")]);
    let server = installation.serve();
    assert_eq!(provider.asked().await, (0, 0), "nothing is asked before somebody signs in");
    for (claims, expected) in [
        (json!({ "sub": "00u1" }), "ada@signin.example"),
        // The id decides, whatever else the provider says.
        (json!({ "sub": "00u1", "email": "ben@signin.example", "email_verified": true }), "ada@signin.example"),
        (json!({ "sub": "other", "email": "BEN@signin.example", "email_verified": true }), "Ben@SignIn.example"),
        (json!({ "sub": "other", "preferred_username": "ben@signin.example" }), "Ben@SignIn.example"),
    ] {
        let client = Client::with_token(&server.url, &token(&provider, claims).await);
        assert_eq!(user_name(&client).await, expected);
    }
    let unverified = json!({ "sub": "stranger", "email": "ben@signin.example", "email_verified": false });
    assert_refused(&Client::with_token(&server.url, &token(&provider, unverified).await)).await;
    assert_eq!(provider.asked().await, (1, 1), "the keys serve for all");
    installation.assert_silent(&["00u1", "ada@signin", "ben@signin", "Ben@SignIn", "BEN@signin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivated_person_is_refused_at_once_whatever_they_hold() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@signin.example")]);
    let server = installation.serve();
    let ada = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    let session = body(ada.post("/api/mobile/token", json!({ "deviceName": "Pixel" })).await).await;
    let phone = ada.holding(session["accessToken"].as_str().unwrap());
    for client in [&ada, &phone] {
        assert_eq!(me(client).await.status(), 200);
    }
    let mut gone = person("00u1", "ada@signin.example");
    gone["active"] = json!(false);
    installation.import(&[gone]);
    for client in [&ada, &phone] {
        assert_refused(client).await;
    }
    assert_eq!(ada.refresh(session["refreshToken"].as_str().unwrap()).await.status(), 401);

    installation.import(&[person("00u1", "ada@signin.example")]);
    assert_refused(&phone).await;
    let mut back = person("00u1", "ada@signin.example");
    back["active"] = json!(true);
    installation.import(&[back]);
    assert_eq!(me(&ada).await.status(), 200);
    assert_eq!(ada.refresh(session["refreshToken"].as_str().unwrap()).await.status(), 401, "the session stays ended");
    installation.assert_silent(&["00u1", "ada@signin", session["refreshToken"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_session_opened_with_the_providers_token_goes_on_without_the_provider() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@signin.example")]);
    let server = installation.serve();
    let ada = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    let mut refresh = ada.open_session().await;
    drop(provider);
    let nobody = Client::with_token(&server.url, "");
    for _ in 0..3 {
        let session = body(nobody.refresh(&refresh).await).await;
        let phone = nobody.holding(session["accessToken"].as_str().unwrap());
        assert_eq!(user_name(&phone).await, "ada@signin.example");
        refresh = session["refreshToken"].as_str().unwrap().to_owned();
    }
    installation.assert_silent(&["00u1", "ada@signin", &refresh]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_sign_in_at_once_cost_the_provider_one_answer() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@signin.example")]);
    let server = installation.serve();
    let ada = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    let answers = at_once(100, || {
        let ada = ada.clone();
        async move { me(&ada).await }
    })
    .await;
    assert_eq!(count(&answers, 200), 100);
    assert_eq!(provider.asked().await, (1, 1));
    installation.assert_silent(&["00u1", "ada@signin"]);
}

/// Phones and browsers of a provider that has rotated its keys: no 401, and 200 within ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_taken_within_ten_seconds_and_nobody_is_logged_out_meanwhile() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@signin.example")]);
    let server = installation.serve();
    let ada = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    assert_eq!(me(&ada).await.status(), 200);
    provider.replace_keys("ES384", "second").await;
    let made = provider.token("second", json!({}), json!({ "aud": AUDIENCE, "sub": "00u1" })).await;
    let renewed = ada.holding(&made.token);
    let (rotated, mut refused) = (Instant::now(), 0);
    loop {
        let answer = me(&renewed).await;
        if answer.status() == 200 {
            break;
        }
        assert_eq!(answer.status(), 503, "a client that gets 401 throws its token away");
        refused += 1;
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=5).contains(&wait), "{wait}");
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
    let took = rotated.elapsed();
    println!("the first 200 came {took:?} after the rotation and {refused} answers of 503");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(installation.reasons(), [""; 0]);
    installation.assert_silent(&["00u1", "ada@signin"]);
}
