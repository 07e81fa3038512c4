//! Names of people whose tokens have none.

use std::sync::Arc;
use std::time::Duration;

use muster_domain::access::{Identity, IdentityError, IdentityTokens};
use muster_identity::OidcTokens;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::issuer::{DISCOVERY, NOW, TestIssuer, Told, USERINFO, tokens_without_userinfo};
use crate::signer::Signer;

fn person() -> Value {
    json!({ "sub": "00u1", "email": "Ada@Example.com", "preferred_username": "ada", "name": "Ada Lovelace" })
}

fn json_of(body: &Value) -> Told {
    Told::json(body).with("content-type: application/json; charset=utf-8")
}

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

struct Case {
    issuer: TestIssuer,
    tokens: Arc<OidcTokens>,
    signer: Signer,
}

/// An issuer whose keys are known, so that nothing else is asked of it.
async fn case(userinfo: Told) -> Case {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    issuer.tell(USERINFO, userinfo);
    let tokens = Arc::new(issuer.tokens());
    Case { issuer, tokens, signer }
}

impl Case {
    fn token(&self, subject: &str) -> String {
        let mut claims = self.issuer.claims();
        claims["sub"] = json!(subject);
        self.signer.sign("ed", &claims)
    }

    async fn complete(&self, subject: &str) -> Result<Option<Identity>, IdentityError> {
        let token = self.token(subject);
        let identity = self.tokens.verify(&token, NOW).await.unwrap();
        assert!(identity.logins.is_empty());
        self.tokens.complete(&token, &identity).await
    }
}

#[tokio::test]
async fn userinfo_gives_the_names_of_the_tokens_person() {
    let case = case(json_of(&person())).await;
    let identity = case.complete("00u1").await.unwrap().unwrap();
    assert_eq!(identity.subject, "00u1");
    assert_eq!(identity.logins, ["Ada@Example.com", "ada"]);
    assert_eq!(identity.email.unwrap().as_str(), "Ada@Example.com");
    assert_eq!(identity.display_name.unwrap(), "Ada Lovelace");
    let request = case.issuer.last(USERINFO).to_ascii_lowercase();
    assert!(request.starts_with("get /userinfo http/1.1\r\n"), "{request}");
    let credential = format!("authorization: bearer {}", case.token("00u1")).to_ascii_lowercase();
    assert!(request.contains(&credential), "the token itself is the credential");
}

#[tokio::test]
async fn unverified_address_of_userinfo_is_no_name() {
    let mut unverified = person();
    unverified["email_verified"] = json!(false);
    let identity = case(json_of(&unverified)).await.complete("00u1").await.unwrap().unwrap();
    assert_eq!((identity.logins.as_slice(), identity.email), (["ada".to_owned()].as_slice(), None));
}

/// A provider whose userinfo leaves `email_verified` out does not make an address good that its token calls unverified.
#[tokio::test]
async fn token_with_an_unverified_address_is_not_completed() {
    let case = case(json_of(&person())).await;
    let mut claims = case.issuer.claims();
    claims["email"] = json!("ada@example.com");
    claims["email_verified"] = json!(false);
    let token = case.signer.sign("ed", &claims);
    let identity = case.tokens.verify(&token, NOW).await.unwrap();
    assert!(identity.logins.is_empty());
    assert!(case.tokens.complete(&token, &identity).await.unwrap().is_none());
    assert_eq!(case.issuer.asked(USERINFO), 0);
}

/// What says nothing of the person that can be used: no name, and no further question for a minute.
#[rstest]
#[case::of_another_subject(json_of(&json!({ "sub": "00u2", "email": "ada@example.com" })))]
#[case::without_subject(json_of(&json!({ "email": "ada@example.com" })))]
#[case::with_a_subject_that_is_a_number(json_of(&json!({ "sub": 1, "email": "ada@example.com" })))]
#[case::without_name(json_of(&json!({ "sub": "00u1", "name": "Ada" })))]
#[case::with_an_unverified_address(json_of(&json!({ "sub": "00u1", "email": "a@example.com", "email_verified": false })))]
#[case::that_is_signed(Told::json("eyJhbGciOiJSUzI1NiJ9.e30.AAAA").with("content-type: application/jwt"))]
#[case::without_a_type(Told::json(person()))]
#[case::of_another_type(Told::json(person()).with("content-type: text/html"))]
#[case::that_is_html(Told::json("<html>").with("content-type: application/json"))]
#[case::with_two_subjects(Told::json(r#"{"sub":"00u1","sub":"00u1","email":"a@example.com"}"#).with("content-type: application/json"))]
#[case::that_is_huge(json_of(&json!({ "sub": "00u1", "email": "a@example.com", "x": "x".repeat(64 * 1024) })))]
#[case::that_refuses_the_token(Told::status(401))]
#[case::that_is_elsewhere(Told::status(302).with("location: /moved"))]
#[tokio::test]
async fn userinfo_that_cannot_be_used_gives_no_name_for_a_minute(#[case] told: Told) {
    let case = case(told).await;
    for _ in 0..10 {
        assert!(matches!(case.complete("00u1").await, Ok(None)));
    }
    assert_eq!((case.issuer.asked(USERINFO), case.issuer.asked("/moved")), (1, 0));
    case.issuer.tell(USERINFO, json_of(&person()));
    pass(Duration::from_mins(1)).await;
    assert!(case.complete("00u1").await.unwrap().is_some());
    assert_eq!(case.issuer.asked(USERINFO), 2);
}

/// An outage says nothing of the person: it is told as one, and the provider is left alone for five seconds.
#[rstest]
#[case::failing(Told::status(500))]
#[case::busy(Told::status(429))]
#[case::gone(Told::Reset)]
#[tokio::test]
async fn outage_of_userinfo_is_told_and_the_provider_left_alone(#[case] told: Told) {
    let case = case(told).await;
    let first = case.complete("00u1").await;
    assert!(matches!(first, Err(IdentityError::Unavailable(_))), "{first:?}");
    let asked = case.issuer.asked(USERINFO);
    for number in 0..10 {
        let outcome = case.complete(&format!("other {number}")).await;
        assert!(matches!(outcome, Err(IdentityError::NotYet { .. })), "{outcome:?}");
    }
    assert_eq!(case.issuer.asked(USERINFO), asked);
    case.issuer.tell(USERINFO, json_of(&person()));
    pass(Duration::from_secs(5)).await;
    assert!(case.complete("00u1").await.unwrap().is_some());
}

#[tokio::test]
async fn many_requests_of_one_person_at_once_are_one_question() {
    let case = case(Told::Late(Duration::from_millis(200), Box::new(json_of(&person())))).await;
    let (token, mut all) = (case.token("00u1"), JoinSet::new());
    let identity = case.tokens.verify(&token, NOW).await.unwrap();
    for _ in 0..100 {
        let (tokens, token, identity) = (case.tokens.clone(), token.clone(), identity.clone());
        all.spawn(async move { tokens.complete(&token, &identity).await.unwrap().is_some() });
    }
    assert!(all.join_all().await.into_iter().all(|completed| completed));
    assert_eq!(case.issuer.asked(USERINFO), 1);
}

#[tokio::test]
async fn flood_of_people_without_names_is_no_flood_at_the_provider() {
    let case = case(json_of(&json!({ "sub": "nobody" }))).await;
    let mut outcomes = Vec::new();
    for number in 0..300 {
        outcomes.push(case.complete(&format!("person {number}")).await);
    }
    let later = outcomes.iter().filter(|outcome| matches!(outcome, Err(IdentityError::NotYet { .. }))).count();
    let asked = case.issuer.asked(USERINFO);
    assert_eq!(asked + later, 300);
    // 200 in 10 seconds; the 300 take longer than that only on a very busy machine.
    assert!((200..=300).contains(&asked), "asked {asked} times");
    assert!(case.complete("person 0").await.unwrap().is_none(), "what is known needs no question");
}

#[tokio::test]
async fn userinfo_is_not_asked_where_it_is_switched_off_or_at_an_unsafe_address() {
    let case = case(json_of(&person())).await;
    let off = tokens_without_userinfo(&case.issuer.url);
    let token = case.token("00u1");
    let identity = off.verify(&token, NOW).await.unwrap();
    assert!(off.complete(&token, &identity).await.unwrap().is_none());
    for address in [Value::Null, json!("http://other.example/userinfo"), json!(7)] {
        let mut discovery = case.issuer.discovery();
        discovery["userinfo_endpoint"] = address;
        case.issuer.tell(DISCOVERY, Told::json(discovery));
        let tokens = case.issuer.tokens();
        let identity = tokens.verify(&token, NOW).await.unwrap();
        assert!(tokens.complete(&token, &identity).await.unwrap().is_none());
    }
    assert_eq!(case.issuer.asked(USERINFO), 0);
}
