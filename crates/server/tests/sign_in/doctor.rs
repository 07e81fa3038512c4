use muster_testkit_providers::{FaultServer, OidcProvider};
use serde_json::{Value, json};

use crate::common::Ended;
use crate::installation::{AUDIENCE, Installation, KEY, PUBLIC_URL, person, provider, token};

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_that_sign_in_works() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.out, doctor.err);
    for line in [
        "ok    sign-in: discovery it can be had and is the issuer's",
        "ok    sign-in: algorithms it signs with RS256",
        "ok    sign-in: keys 1 can be used: 1 for RS256",
        "ok    sign-in: userinfo is asked for the names of people whose tokens have none",
    ] {
        assert!(doctor.out.lines().any(|each| each == line), "{line} is not in\n{}", doctor.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_that_the_provider_cannot_be_reached_or_is_another() {
    let provider = provider().await;
    for (issuer, beginning) in [
        (FaultServer::refusing_url(), "BAD   sign-in: discovery "),
        (format!("{}/", provider.issuer()), "BAD   sign-in: discovery "),
    ] {
        let doctor = Installation::trusting(&issuer).run(&["doctor"]);
        assert_eq!(doctor.code, Some(1), "{}", doctor.out);
        let told: Vec<&str> = doctor.out.lines().filter(|line| line.starts_with(beginning)).collect();
        assert_eq!(told.len(), 1, "{}", doctor.out);
        assert!(told[0].contains(": "), "what to do is told: {}", told[0]);
    }
}

/// Explains a token, and fails when what is printed holds a part of the token or what identifies its person.
fn explain(installation: &Installation, token: &str) -> Ended {
    let explained = installation.run_reading(&["doctor", "--token"], &format!("Bearer {token}\n"));
    let printed = format!("{}{}", explained.out, explained.err);
    let parts = token.split('.').filter(|part| part.len() > 8);
    for secret in parts.chain(["eyJ", "00u1", "ada@doctor.example", "Lovelace"]) {
        assert!(!printed.contains(secret), "{secret} is in\n{printed}");
    }
    explained
}

/// The lines that say what is wrong.
fn bad(explained: &Ended) -> Vec<&str> {
    explained.out.lines().filter(|line| line.starts_with("BAD ")).collect()
}

async fn token_with(provider: &OidcProvider, header: Value, claims: Value) -> String {
    let mut all = json!({ "aud": AUDIENCE, "sub": "00u1", "email": "ada@doctor.example", "name": "Ada Lovelace" });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    provider.token(KEY, header, all).await.token
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_explains_a_good_token_and_prints_neither_it_nor_the_person() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@doctor.example")]);
    let explained = explain(&installation, &token_with(&provider, json!({}), json!({})).await);
    assert_eq!(explained.code, Some(0), "{}{}", explained.out, explained.err);
    for beginning in [
        "ok    token: form a signed JWT",
        "ok    token: audience \"api://muster\"",
        "ok    token: algorithm \"RS256\"",
        "ok    token: expiry exp is 2",
        "ok    token: key kid \"first\" is among the provider's",
        "ok    token: signature is the provider's",
        "ok    token: name one name",
        "ok    token: person is active, with the id ",
    ] {
        assert!(explained.out.lines().any(|line| line.starts_with(beginning)), "{beginning}\n{}", explained.out);
    }
    assert!(explained.out.contains(&format!("ok    token: issuer \"{}\"", provider.issuer())), "{}", explained.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_is_wrong_with_a_token_and_which_setting_to_change() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@doctor.example")]);
    let now = provider.token(KEY, json!({}), json!({})).await.at;
    for (header, claims, part) in [
        (json!({}), json!({ "iss": "https://other.example" }), "wrong-issuer: \"https://other.example\" is not"),
        (json!({}), json!({ "iss": "https://other.example" }), "set MUSTER_OIDC_ISSUER to exactly this"),
        (json!({}), json!({ "aud": ["a", "b"] }), "wrong-audience: \"a\", \"b\", and not \"api://muster\""),
        (json!({}), json!({ "iss": PUBLIC_URL }), "own-token: is this server itself"),
        (json!({}), json!({ "exp": now - 1 }), "expired: exp is 2"),
        (json!({}), json!({ "nbf": now + 300 }), "not-yet-valid: 2"),
        (json!({}), json!({ "sub": " " }), "no-subject: "),
        (json!({ "typ": "logout+jwt" }), json!({}), "wrong-type: "),
        (
            json!({ "kid": "new" }),
            json!({}),
            "unknown-key: kid \"new\": for RS256 the provider publishes no such key (it has \"first\")",
        ),
    ] {
        let explained = explain(&installation, &token_with(&provider, header, claims).await);
        assert_eq!(explained.code, Some(1), "{part}: {}", explained.out);
        assert!(bad(&explained).iter().any(|line| line.contains(part)), "{part}: {}", explained.out);
    }
    let good = token_with(&provider, json!({}), json!({})).await;
    let parts: Vec<&str> = good.split('.').collect();
    for (token, part) in [
        ("an-opaque-token".to_owned(), "malformed: an opaque token, which only the provider can read"),
        (format!("{good}.x.y"), "malformed: an encrypted token"),
        (String::new(), "malformed: "),
        (format!("{}.{}.{}", parts[0], parts[1], "A".repeat(342)), "signature: it does not match"),
        // {"alg":"HS512"}
        (
            format!("eyJhbGciOiJIUzUxMiJ9.{}.{}", parts[1], parts[2]),
            "algorithm: \"HS512\" is not taken; taken are RS256",
        ),
    ] {
        let explained = explain(&installation, &token);
        assert_eq!(explained.code, Some(1), "{part}: {}", explained.out);
        assert!(bad(&explained)[0].contains(part), "{part}: {}", explained.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_whether_a_good_tokens_person_is_on_record_and_active() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    let named = token_with(&provider, json!({}), json!({})).await;
    let nameless = token(&provider, json!({ "sub": "00u1" })).await;
    let person_line = |explained: &Ended, part: &str| {
        let line = explained.out.lines().find(|line| line.contains(": person ")).unwrap_or_default().to_owned();
        assert!(line.contains(part), "{part}: {}", explained.out);
    };
    let explained = explain(&installation, &named);
    assert_eq!(explained.code, Some(1));
    person_line(&explained, "unknown-person: ");
    person_line(&explain(&installation, &nameless), "no-name: ");
    // By the name that userinfo gives.
    installation.import(&[person("", "ada@doctor.example")]);
    provider.tell_userinfo(json!({ "sub": "00u1", "email": "ada@doctor.example" })).await;
    let explained = explain(&installation, &nameless);
    assert_eq!(explained.code, Some(0), "{}", explained.out);
    person_line(&explained, "is active, with the id ");
    assert!(explained.out.contains("ok    token: userinfo gave a name"), "{}", explained.out);
    let mut gone = person("", "ada@doctor.example");
    gone["active"] = json!(false);
    installation.import(&[gone]);
    let explained = explain(&installation, &named);
    assert_eq!(explained.code, Some(1));
    person_line(&explained, "deactivated: ");
    let newcomer = token_with(&provider, json!({}), json!({ "sub": "00u2", "email": "eve@doctor.example" })).await;
    let explained = explain(&installation.that_takes_newcomers(), &newcomer);
    assert_eq!(explained.code, Some(0), "{}", explained.out);
    person_line(&explained, "is added when they first sign in");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_explains_a_token_as_json_too() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    let explained = installation.run_reading(&["doctor", "--token", "--json"], "opaque");
    let document: Value = serde_json::from_str(&explained.out).unwrap();
    assert_eq!(document["healthy"], false);
    assert_eq!(document["findings"][0]["check"], "form");
    assert_eq!(document["findings"].as_array().unwrap().len(), 1, "{document}");
    let usage = installation.run(&["doctor", "--token", "--send-to", "ada@doctor.example"]);
    assert_eq!(usage.code, Some(2));
}
