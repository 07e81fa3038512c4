use std::time::Instant;

use muster_crypto::{AccessTokenSigner, SigningKey};
use muster_domain::access::{AccessClaims, AccessTokens, Audience};
use muster_domain::{Entropy, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::common::client::{Client, at_once, count};
use crate::installation::{
    AUDIENCE, Installation, KEY, PUBLIC_URL, SIGNING_KEY, assert_refused, me, person, provider, token,
};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_for_others_by_others_or_of_another_time_are_refused() {
    let (provider, stranger) = (provider().await, provider().await);
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@refusal.example")]);
    let server = installation.serve();
    let (issuer, now) = (provider.issuer(), provider.token(KEY, json!({}), json!({})).await.at);
    let cases: &[(&str, Value)] = &[
        ("wrong-audience", json!({ "aud": "api://other" })),
        ("wrong-audience", json!({ "aud": format!("{AUDIENCE}/") })),
        ("wrong-audience", json!({ "aud": Value::Null })),
        ("wrong-audience", json!({ "aud": ["api://other", "muster"] })),
        ("wrong-issuer", json!({ "iss": "https://elsewhere.example" })),
        ("wrong-issuer", json!({ "iss": format!("{issuer}/") })),
        ("own-token", json!({ "iss": PUBLIC_URL })),
        ("expired", json!({ "exp": now - 1 })),
        ("not-yet-valid", json!({ "nbf": now + 120 })),
        ("no-subject", json!({ "sub": "" })),
    ];
    for (reason, claims) in cases {
        let mut all = json!({ "aud": AUDIENCE, "sub": "00u1" });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let made = provider.token(KEY, json!({}), all).await;
        let answer = me(&Client::with_token(&server.url, &made.token)).await;
        assert_eq!(answer.status(), 401, "{reason}");
    }
    let expected: Vec<&str> = cases.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(installation.reasons(), expected, "one line for each");
    let metrics = Client::with_token(&server.url, "").send(Method::GET, "/metrics", None).await.text().await.unwrap();
    for (reason, count) in
        [("wrong-audience", 4), ("wrong-issuer", 2), ("own-token", 1), ("expired", 1), ("algorithm", 0)]
    {
        let series = format!("muster_tokens_refused_total{{reason=\"{reason}\"}} {count}");
        assert!(metrics.lines().any(|line| line == series), "{series} is not in\n{metrics}");
    }
    assert_eq!(provider.asked().await, (0, 0), "none of them was worth asking for keys");
    // Another provider that says it is this one, under this one's key id.
    let forged = token(&stranger, json!({ "iss": issuer, "sub": "00u1" })).await;
    assert_refused(&Client::with_token(&server.url, &forged)).await;
    let good = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    assert_eq!(me(&good).await.status(), 200);
    let all = json!({ "aud": ["api://other", AUDIENCE], "sub": "00u1" });
    let several = provider.token(KEY, json!({}), all).await.token;
    assert_eq!(me(&good.holding(&several)).await.status(), 200, "one of several audiences");
    installation.assert_silent(&["00u1", "ada@refusal.example"]);
}

/// Zeros.
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_tokens_that_are_nobodys_is_refused_and_not_passed_on_to_the_provider() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    installation.import(&[person("00u1", "ada@refusal.example")]);
    let server = installation.serve();
    let good = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u1" })).await);
    let key = SigningKey::parse(SIGNING_KEY).unwrap();
    let signer = AccessTokenSigner::new(&key, PUBLIC_URL.to_owned(), false);
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::weeks(52 * 50);
    let claims = AccessClaims {
        user_id: UserId::new(long_ago, &NoEntropy),
        session_id: None,
        audience: Audience::Mobile,
        issued_at: long_ago,
        expires_at: long_ago + Duration::HOUR,
    };
    // Our own, expired, as phones send them after each quarter of an hour.
    let expired = signer.sign(&claims).unwrap();
    for nonsense in [expired.expose(), "garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "mst_key_", &"x".repeat(8000)] {
        let client = good.holding(nonsense);
        let answers = at_once(30, || {
            let client = client.clone();
            async move { me(&client).await }
        })
        .await;
        assert_eq!(count(&answers, 401), 30, "{nonsense}");
    }
    assert_eq!(provider.asked().await, (0, 0));

    // Forged ones that look right, each with a key id of its own.
    let mut forged = Vec::new();
    for number in 0..30 {
        let header = json!({ "kid": format!("unknown-{number}") });
        forged.push(provider.token(KEY, header, json!({ "aud": AUDIENCE, "sub": "00u1" })).await.token);
    }
    let began = Instant::now();
    let mut statuses = Vec::new();
    for token in &forged {
        let answer = me(&good.holding(token)).await;
        if answer.status() == 503 {
            let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=5).contains(&wait), "{wait}");
        }
        statuses.push(answer.status().as_u16());
    }
    // The first was looked for; of the others it is not known yet whether their keys are new.
    assert_eq!(statuses[0], 401);
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
    let most = 1 + began.elapsed().as_secs().div_ceil(5);
    let (discoveries, key_sets) = provider.asked().await;
    assert!((1..=most).contains(&discoveries) && discoveries == key_sets, "asked {discoveries} times");
    assert_eq!(me(&good).await.status(), 200);
    installation.assert_silent(&["00u1", "ada@refusal.example"]);
}
