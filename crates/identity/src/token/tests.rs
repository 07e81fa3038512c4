use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::jws::Jws;

/// Whom a token with these further claims names.
fn identity(further: &Value) -> Identity {
    let mut claims = json!({ "iss": "https://a.example", "sub": "00u1", "aud": "muster", "exp": 1 });
    claims.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    Claims::parse(claims.to_string().as_bytes()).unwrap().into_identity().unwrap()
}

#[rstest]
#[case::said(json!(true), true)]
#[case::said_as_text(json!("true"), true)]
#[case::null(Value::Null, true)]
#[case::denied(json!(false), false)]
#[case::denied_as_text(json!("false"), false)]
#[case::odd(json!(1), false)]
#[case::odd_list(json!([true]), false)]
fn address_counts_unless_it_is_said_to_be_unverified(#[case] verified: Value, #[case] counts: bool) {
    let named = identity(&json!({ "email": "ada@example.com", "email_verified": verified }));
    assert_eq!(named.email.is_some(), counts);
    assert_eq!(named.logins.len(), usize::from(counts));
}

#[test]
fn unverified_address_does_not_come_back_as_a_name() {
    let claims =
        |preferred| json!({ "email": "ada@example.com", "email_verified": false, "preferred_username": preferred });
    assert!(identity(&claims("ADA@example.com")).logins.is_empty());
    assert_eq!(identity(&claims("ada")).logins, ["ada"]);
}

#[test]
fn names_are_told_once_without_regard_to_case() {
    let named =
        identity(&json!({ "email": "Ada@example.com", "preferred_username": "ada@EXAMPLE.com", "name": " Ada " }));
    assert_eq!(named.logins, ["Ada@example.com"]);
    assert_eq!(named.display_name.as_deref(), Some("Ada"));
    let named = identity(&json!({ "email": "ada@example.com", "preferred_username": "ada" }));
    assert_eq!(named.logins, ["ada@example.com", "ada"]);
}

#[test]
fn address_that_is_none_is_a_name_only() {
    let named = identity(&json!({ "email": "ada" }));
    assert_eq!((named.logins.as_slice(), named.email), (["ada".to_owned()].as_slice(), None));
}

#[rstest]
#[case(json!("ada\0@example.com"))]
#[case(json!("ada\u{202e}@example.com"))]
#[case(json!("ada\u{200b}@example.com"))]
#[case(json!(""))]
#[case(json!("x".repeat(256)))]
#[case(json!(["ada@example.com"]))]
#[case(json!({ "value": "ada@example.com" }))]
#[case(json!(7))]
fn name_that_is_not_safe_to_keep_is_no_name(#[case] name: Value) {
    let named = identity(&json!({ "email": name, "preferred_username": name }));
    assert!(named.logins.is_empty() && named.email.is_none());
}

#[test]
fn somebody_without_names_is_still_somebody() {
    let named = identity(&json!({}));
    assert_eq!((named.subject.as_str(), named.logins.len(), named.display_name), ("00u1", 0, None));
}

proptest! {
    #[test]
    fn whatever_is_sent_as_a_token_is_no_panic(token in "[a-zA-Z0-9_.=-]{0,300}|\\PC{0,100}") {
        if let Some(jws) = Jws::parse(&token) {
            prop_assert!(Claims::parse(jws.payload()).is_none());
        }
    }

    #[test]
    fn whatever_a_payload_is_it_is_no_panic(payload in proptest::collection::vec(any::<u8>(), 0..200), exp in any::<i64>(), nbf in any::<i64>()) {
        prop_assert!(Claims::parse(&payload).is_none());
        let json = json!({ "iss": "i", "sub": "s", "aud": "a", "exp": exp, "nbf": nbf, "iat": nbf });
        let now = OffsetDateTime::UNIX_EPOCH;
        let claims = Claims::parse(json.to_string().as_bytes());
        let good = claims.is_some_and(|claims| now < claims.expires_at() && claims.has_begun(now));
        prop_assert_eq!(good, (1..=253_402_300_799).contains(&exp) && (-377_705_116_800..=30).contains(&nbf));
    }
}
