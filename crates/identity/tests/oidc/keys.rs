//! How the provider's keys are fetched, kept and renewed.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use muster_domain::access::{IdentityError, IdentityTokens, TokenRefusal};
use muster_identity::OidcTokens;
use muster_testkit_providers::{TlsServer, Told as Answer};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::issuer::{DISCOVERY, KEYS, NOW, TestIssuer, Told, claims, tokens_of, tokens_trusting};
use crate::signer::Signer;

const MINUTE: Duration = Duration::from_mins(1);
/// The least time between two fetches for a key that is not there.
const APART: Duration = Duration::from_secs(5);

/// Lets time pass for what measures it by tokio; what goes over the network needs the real clock again.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn outcome(tokens: &OidcTokens, token: &str) -> &'static str {
    match tokens.verify(token, NOW).await {
        Ok(_) => "taken",
        Err(IdentityError::Refused(TokenRefusal::UnknownKey)) => "unknown key",
        Err(IdentityError::Refused(_)) => "refused",
        Err(IdentityError::NotYet { retry_after }) => {
            assert!((1..=5).contains(&retry_after.whole_seconds()), "{retry_after}");
            "not yet"
        }
        Err(IdentityError::Unavailable(_)) => "unavailable",
    }
}

fn with_subject(issuer: &TestIssuer, subject: &str) -> Value {
    let mut claims = issuer.claims();
    claims["sub"] = json!(subject);
    claims
}

/// Tokens whose key ids nobody knows.
fn of_unknown_keys(issuer: &TestIssuer, first: usize, count: usize) -> Vec<String> {
    let signer = Signer::new();
    let header = |number| json!({ "alg": "EdDSA", "kid": format!("unknown-{number}") }).to_string();
    (first..first + count).map(|number| signer.sign_text("ed", &header(number), &issuer.claims().to_string())).collect()
}

async fn until_asked(issuer: &TestIssuer, path: &str, times: usize) {
    let late = Instant::now() + Duration::from_secs(10);
    while issuer.asked(path) < times {
        assert!(Instant::now() < late, "{path} was not asked for {times} times");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // And for the answer to be kept.
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn nothing_is_fetched_before_a_token_could_be_good() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = issuer.tokens();
    let mut foreign = issuer.claims();
    foreign["iss"] = json!("https://muster.example");
    assert_eq!(outcome(&tokens, "mst_key_1").await, "refused");
    assert_eq!(outcome(&tokens, &signer.sign("ed", &foreign)).await, "refused");
    assert_eq!((issuer.asked(DISCOVERY), issuer.asked(KEYS)), (0, 0));
    assert_eq!(outcome(&tokens, &signer.sign("ed", &issuer.claims())).await, "taken");
    assert_eq!((issuer.asked(DISCOVERY), issuer.asked(KEYS)), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_first_tokens_at_once_are_one_fetch() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(json!({})).await;
    issuer.tell(KEYS, Told::Late(Duration::from_millis(300), Box::new(Told::json(signer.jwks()))));
    let tokens = Arc::new(issuer.tokens());
    let mut all = JoinSet::new();
    for number in 0..200 {
        let token = signer.sign(["rsa", "ec", "ed"][number % 3], &with_subject(&issuer, &number.to_string()));
        let tokens = tokens.clone();
        all.spawn(async move { outcome(&tokens, &token).await });
    }
    assert!(all.join_all().await.iter().all(|outcome| *outcome == "taken"));
    assert_eq!((issuer.asked(DISCOVERY), issuer.asked(KEYS)), (1, 1));
}

#[tokio::test]
async fn fetch_goes_on_when_who_began_it_hangs_up() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(json!({})).await;
    issuer.tell(KEYS, Told::Late(Duration::from_millis(300), Box::new(Told::json(signer.jwks()))));
    let (tokens, token) = (issuer.tokens(), signer.sign("ed", &issuer.claims()));
    let hung_up = tokio::time::timeout(Duration::from_millis(50), tokens.verify(&token, NOW)).await;
    assert!(hung_up.is_err());
    assert_eq!(outcome(&tokens, &token).await, "taken");
    assert_eq!((issuer.asked(DISCOVERY), issuer.asked(KEYS)), (1, 1));
}

#[tokio::test]
async fn flood_of_unknown_keys_asks_the_issuer_each_five_seconds_and_holds_nobody_up() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = Arc::new(issuer.tokens());
    assert_eq!(outcome(&tokens, &signer.sign("ed", &issuer.claims())).await, "taken");
    for turn in 0..3 {
        let mut flood = JoinSet::new();
        for token in of_unknown_keys(&issuer, 100 * turn, 100) {
            let tokens = tokens.clone();
            flood.spawn(async move { outcome(&tokens, &token).await });
        }
        let outcomes = flood.join_all().await;
        // The one that the fetch was made for is known to be unknown; of those that came while it ran, it is not.
        assert!(outcomes.iter().all(|outcome| ["not yet", "unknown key"].contains(outcome)), "{outcomes:?}");
        assert_eq!((issuer.asked(DISCOVERY), issuer.asked(KEYS)), (1 + turn, 1 + turn));
        let person = with_subject(&issuer, &format!("person {turn}"));
        assert_eq!(outcome(&tokens, &signer.sign("ed", &person)).await, "taken", "a known key needs no fetch");
        pass(APART).await;
    }
}

#[tokio::test]
async fn new_key_is_usable_within_ten_seconds_in_a_flood_too() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(json!({ "keys": [signer.ec_jwk()] })).await;
    let tokens = issuer.tokens();
    assert_eq!(outcome(&tokens, &signer.sign("ec", &issuer.claims())).await, "taken");
    pass(APART).await;
    assert_eq!(outcome(&tokens, &of_unknown_keys(&issuer, 0, 1)[0]).await, "unknown key");
    // The issuer rotates at the worst moment, right after a fetch.
    issuer.tell(KEYS, Told::json(signer.jwks()));
    let token = signer.sign("ed", &issuer.claims());
    let mut waited = Duration::ZERO;
    let mut flood = of_unknown_keys(&issuer, 1, 100).into_iter();
    loop {
        assert_ne!(outcome(&tokens, &flood.next().unwrap()).await, "taken");
        match outcome(&tokens, &token).await {
            "taken" => break,
            outcome => assert_eq!(outcome, "not yet", "a client that gets 401 throws its token away"),
        }
        pass(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
        assert!(waited <= Duration::from_secs(10), "no key after {waited:?}");
    }
    assert!(issuer.asked(KEYS) <= 4, "asked {} times", issuer.asked(KEYS));
}

#[tokio::test]
async fn key_that_was_looked_for_in_vain_is_unknown_for_five_seconds() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(json!({ "keys": [signer.ec_jwk()] })).await;
    let (tokens, token) = (issuer.tokens(), signer.sign("ed", &issuer.claims()));
    for _ in 0..20 {
        assert_eq!(outcome(&tokens, &token).await, "unknown key");
    }
    assert_eq!(issuer.asked(KEYS), 1);
    // An issuer that signs with a key before it publishes it.
    issuer.tell(KEYS, Told::json(signer.jwks()));
    pass(APART).await;
    assert_eq!(outcome(&tokens, &token).await, "taken");
    assert_eq!(issuer.asked(KEYS), 2);
}

#[tokio::test]
async fn no_more_than_256_wait_for_a_slow_issuer() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = Arc::new(issuer.tokens());
    assert_eq!(outcome(&tokens, &signer.sign("ed", &issuer.claims())).await, "taken");
    issuer.tell(KEYS, Told::Late(Duration::from_secs(3), Box::new(Told::json(signer.jwks()))));
    pass(APART).await;
    let mut flood = JoinSet::new();
    for token in of_unknown_keys(&issuer, 0, 300) {
        let tokens = tokens.clone();
        flood.spawn(async move { (outcome(&tokens, &token).await, Instant::now()) });
    }
    let ended = flood.join_all().await;
    let last = ended.iter().map(|(_, at)| *at).max().unwrap();
    // Those of the flood that were turned away at once ended long before the fetch did.
    let at_once = ended.iter().filter(|(_, at)| last.duration_since(*at) > Duration::from_secs(1)).count();
    assert_eq!(at_once, 44, "of {}", ended.len());
}

#[tokio::test]
async fn old_keys_are_renewed_while_they_serve() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = issuer.tokens();
    assert_eq!(outcome(&tokens, &signer.sign("ed", &with_subject(&issuer, "1"))).await, "taken");
    issuer.tell(KEYS, Told::Late(Duration::from_millis(500), Box::new(Told::json(signer.jwks()))));
    pass(Duration::from_secs(599)).await;
    assert_eq!(outcome(&tokens, &signer.sign("ed", &with_subject(&issuer, "2"))).await, "taken");
    assert_eq!(issuer.asked(DISCOVERY), 1);
    pass(Duration::from_secs(2)).await;
    let began = Instant::now();
    assert_eq!(outcome(&tokens, &signer.sign("ed", &with_subject(&issuer, "3"))).await, "taken");
    assert!(began.elapsed() < Duration::from_millis(400), "it did not wait for the new ones");
    until_asked(&issuer, KEYS, 2).await;
}

#[tokio::test]
async fn key_that_was_withdrawn_during_a_long_silence_is_not_believed_once_more() {
    let (signer, issuer) = (Signer::new(), TestIssuer::start(json!({})).await);
    issuer.tell(KEYS, Told::json(signer.jwks()));
    let tokens = issuer.tokens();
    assert_eq!(outcome(&tokens, &signer.sign("ed", &issuer.claims())).await, "taken");
    issuer.tell(KEYS, Told::json(json!({ "keys": [signer.ec_jwk()] })));
    pass(60 * MINUTE).await;
    assert_eq!(outcome(&tokens, &signer.sign("ed", &issuer.claims())).await, "unknown key");
    assert_eq!(outcome(&tokens, &signer.sign("ec", &issuer.claims())).await, "taken");
}

#[rstest]
#[case::down(Told::Reset)]
#[case::failing(Told::status(503))]
#[case::without_keys(Told::json(json!({ "keys": [] })))]
#[tokio::test]
async fn keys_serve_for_a_day_while_no_new_ones_can_be_had(#[case] told: Told) {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = issuer.tokens();
    assert_eq!(outcome(&tokens, &signer.sign("rsa", &issuer.claims())).await, "taken");
    issuer.tell(KEYS, told);
    for hour in 1..24 {
        pass(60 * MINUTE).await;
        let token = signer.sign("rsa", &with_subject(&issuer, &hour.to_string()));
        assert_eq!(outcome(&tokens, &token).await, "taken", "after {hour} hours");
        until_asked(&issuer, KEYS, 1 + hour).await;
    }
    // Of another key nobody can tell now.
    assert_eq!(outcome(&tokens, &of_unknown_keys(&issuer, 0, 1)[0]).await, "unavailable");
    pass(60 * MINUTE).await;
    let token = signer.sign("rsa", &issuer.claims());
    assert_eq!(outcome(&tokens, &token).await, "unavailable");
    issuer.tell(KEYS, Told::json(signer.jwks()));
    pass(Duration::from_secs(5)).await;
    assert_eq!(outcome(&tokens, &token).await, "taken");
}

fn told_discovery(member: &str, value: Value) -> impl Fn(&TestIssuer) -> Told {
    let member = member.to_owned();
    move |issuer| {
        let mut discovery = json!({ "issuer": issuer.url, "jwks_uri": format!("{}{KEYS}", issuer.url) });
        discovery[member.as_str()] = value.clone();
        Told::json(discovery)
    }
}

fn many_keys(signer: &Signer) -> Value {
    json!({ "keys": vec![signer.ed_jwk(); 65] })
}

/// Whatever the issuer does wrong, nobody is let in, nobody waits long, and a flood does not reach it.
#[rstest]
#[case::discovery_reset(DISCOVERY, |_: &TestIssuer| Told::Reset)]
#[case::discovery_missing(DISCOVERY, |_: &TestIssuer| Told::status(404))]
#[case::discovery_that_is_html(DISCOVERY, |_: &TestIssuer| Told::json("<!DOCTYPE html>"))]
#[case::discovery_that_is_empty(DISCOVERY, |_: &TestIssuer| Told::json(""))]
#[case::discovery_that_is_a_list(DISCOVERY, |issuer: &TestIssuer| Told::json(json!([issuer.url, format!("{}{KEYS}", issuer.url)])))]
#[case::discovery_that_breaks_off(DISCOVERY, |_: &TestIssuer| Told::Half)]
#[case::discovery_without_end(DISCOVERY, |_: &TestIssuer| Told::Endless)]
#[case::discovery_elsewhere(DISCOVERY, |issuer: &TestIssuer| Told::status(302).with(&format!("location: {}/moved", issuer.url)))]
#[case::another_issuer(DISCOVERY, told_discovery("issuer", json!("https://evil.example")))]
#[case::no_issuer(DISCOVERY, told_discovery("issuer", Value::Null))]
#[case::issuer_with_a_slash(DISCOVERY, |issuer: &TestIssuer| told_discovery("issuer", json!(format!("{}/", issuer.url)))(issuer))]
#[case::keys_in_a_file(DISCOVERY, told_discovery("jwks_uri", json!("file:///etc/passwd")))]
#[case::keys_unencrypted(DISCOVERY, told_discovery("jwks_uri", json!("http://keys.example/jwks")))]
#[case::no_keys_address(DISCOVERY, told_discovery("jwks_uri", Value::Null))]
#[case::keys_reset(KEYS, |_: &TestIssuer| Told::Reset)]
#[case::keys_failing(KEYS, |_: &TestIssuer| Told::status(500))]
#[case::keys_elsewhere(KEYS, |issuer: &TestIssuer| Told::status(301).with(&format!("location: {}/moved", issuer.url)))]
#[case::keys_that_are_html(KEYS, |_: &TestIssuer| Told::json("<html>").with("content-type: application/json"))]
#[case::keys_that_break_off(KEYS, |_: &TestIssuer| Told::Half)]
#[case::keys_without_end(KEYS, |_: &TestIssuer| Told::Endless)]
#[case::keys_that_are_huge(KEYS, |_: &TestIssuer| Told::json(json!({ "keys": [Signer::new().ed_jwk()], "x": "x".repeat(256 * 1024) })))]
#[case::too_many_keys(KEYS, |_: &TestIssuer| Told::json(many_keys(&Signer::new())))]
#[case::no_keys(KEYS, |_: &TestIssuer| Told::json(json!({ "keys": [] })))]
#[case::keys_twice(KEYS, |_: &TestIssuer| Told::json(r#"{"keys":[],"keys":[]}"#))]
#[case::keys_nested_deep(KEYS, |_: &TestIssuer| Told::json(format!("{{\"keys\":{}", "[".repeat(100_000))))]
#[tokio::test]
async fn issuer_that_cannot_be_used_lets_nobody_in(#[case] path: &str, #[case] told: impl Fn(&TestIssuer) -> Told) {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    issuer.tell(path, told(&issuer));
    let (tokens, token) = (issuer.tokens(), signer.sign("ed", &issuer.claims()));
    let began = Instant::now();
    for _ in 0..50 {
        assert_eq!(outcome(&tokens, &token).await, "unavailable");
    }
    assert!(began.elapsed() < Duration::from_secs(3));
    // reqwest asks once more on a connection that was reset before any answer.
    assert!(issuer.asked(path) <= 2, "asked {} times", issuer.asked(path));
    assert_eq!(issuer.asked("/moved"), 0);
    // And when it is mended, it is mended within seconds.
    issuer.tell(DISCOVERY, told_discovery("jwks_uri", json!(format!("{}{KEYS}", issuer.url)))(&issuer));
    issuer.tell(KEYS, Told::json(signer.jwks()));
    pass(Duration::from_secs(5)).await;
    assert_eq!(outcome(&tokens, &token).await, "taken");
}

#[tokio::test]
async fn slow_issuer_is_given_up_after_five_seconds_and_then_not_waited_for() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    issuer.tell(DISCOVERY, Told::Late(Duration::from_mins(1), Box::new(Told::status(200))));
    let (tokens, token) = (issuer.tokens(), signer.sign("ed", &issuer.claims()));
    let began = Instant::now();
    assert_eq!(outcome(&tokens, &token).await, "unavailable");
    assert!((4..7).contains(&began.elapsed().as_secs()));
    let began = Instant::now();
    assert_eq!(outcome(&tokens, &token).await, "unavailable");
    assert!(began.elapsed() < Duration::from_millis(500));
    assert_eq!(issuer.asked(DISCOVERY), 1);
}

#[tokio::test]
async fn nobody_waits_for_an_issuer_that_is_known_to_hang_while_keys_serve() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = issuer.tokens();
    assert_eq!(outcome(&tokens, &signer.sign("ed", &with_subject(&issuer, "1"))).await, "taken");
    issuer.tell(DISCOVERY, Told::Late(Duration::from_mins(1), Box::new(Told::status(200))));
    pass(60 * MINUTE).await;
    // After so long a silence it waits once, to learn whether the key was withdrawn.
    assert_eq!(outcome(&tokens, &signer.sign("ed", &with_subject(&issuer, "2"))).await, "taken");
    pass(MINUTE).await;
    let began = Instant::now();
    assert_eq!(outcome(&tokens, &signer.sign("ed", &with_subject(&issuer, "3"))).await, "taken");
    assert!(began.elapsed() < Duration::from_secs(1));
    until_asked(&issuer, DISCOVERY, 3).await;
}

#[tokio::test]
async fn verified_token_is_believed_for_a_minute_and_never_beyond_its_expiry() {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let tokens = issuer.tokens();
    let token = signer.sign("ed", &issuer.claims());
    assert_eq!(outcome(&tokens, &token).await, "taken");
    let last = NOW + Duration::from_secs(599);
    assert!(tokens.verify(&token, last).await.is_ok());
    assert!(matches!(
        tokens.verify(&token, last + Duration::from_secs(1)).await,
        Err(IdentityError::Refused(TokenRefusal::Expired))
    ));
    // Whose key is gone, it is believed for a minute at most.
    let token = signer.sign("ed", &with_subject(&issuer, "2"));
    assert_eq!(outcome(&tokens, &token).await, "taken");
    issuer.tell(KEYS, Told::json(json!({ "keys": [signer.ec_jwk()] })));
    pass(Duration::from_secs(59)).await;
    assert_eq!(outcome(&tokens, &token).await, "taken");
    pass(Duration::from_secs(1)).await;
    assert_eq!(outcome(&tokens, &of_unknown_keys(&issuer, 0, 1)[0]).await, "unknown key");
    assert_eq!(outcome(&tokens, &token).await, "not yet");
    pass(APART).await;
    assert_eq!(outcome(&tokens, &token).await, "unknown key");
}

#[tokio::test]
async fn keys_come_over_tls_and_only_from_who_is_trusted() {
    let (signer, url) = (Signer::new(), Arc::new(OnceLock::<String>::new()));
    let server = TlsServer::start({
        let (jwks, url) = (signer.jwks().to_string(), url.clone());
        move |request| {
            let url = url.get().unwrap();
            let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}{KEYS}") }).to_string();
            Answer::new(200, if request.path == DISCOVERY { discovery } else { jwks.clone() })
        }
    })
    .await;
    url.set(server.url.clone()).unwrap();
    let token = signer.sign("rsa", &claims(&server.url));
    assert_eq!(outcome(&tokens_of(&server.url), &token).await, "unavailable");
    assert_eq!(outcome(&tokens_trusting(&server.url, server.roots()), &token).await, "taken");
}
