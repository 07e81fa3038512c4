use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::errors::ErrorKind;
use muster_domain::{SessionId, UserId};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use rstest::rstest;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::SystemEntropy;
use crate::signing_key::tests::RFC_8037_KEY;

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

fn key() -> SigningKey {
    SigningKey::parse(RFC_8037_KEY).unwrap()
}

fn signer(accepts_development: bool) -> AccessTokenSigner {
    AccessTokenSigner::new(&key(), "https://muster.example".to_owned(), accepts_development)
}

fn claims(audience: Audience) -> AccessClaims {
    AccessClaims {
        user_id: UserId(Uuid::from_u128(1)),
        session_id: Some(SessionId(Uuid::from_u128(2))),
        audience,
        issued_at: NOW,
        expires_at: NOW + Duration::minutes(15),
    }
}

fn header() -> Value {
    json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": KID })
}

fn payload() -> Value {
    json!({
        "iss": "https://muster.example", "sub": Uuid::from_u128(1), "aud": "muster",
        "iat": NOW.unix_timestamp(), "exp": NOW.unix_timestamp() + 900, "sid": Uuid::from_u128(2),
    })
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object[field] = value;
    object
}

fn without(mut object: Value, field: &str) -> Value {
    object.as_object_mut().unwrap().remove(field);
    object
}

fn unsigned(header: &Value, payload: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload.to_string()))
}

/// A token made here by hand and signed with the server's own key, to show that each check stands by itself.
fn forge(header: &Value, payload: &Value) -> String {
    let message = unsigned(header, payload);
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&STANDARD.decode(RFC_8037_KEY).unwrap()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
}

#[test]
fn signature_is_that_of_rfc_8037() {
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    assert_eq!(
        URL_SAFE_NO_PAD.encode(key().pair().sign(message)),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

/// Ed25519 signatures are deterministic: this token was made by Python's cryptography package.
#[test]
fn token_is_what_an_independent_implementation_makes() {
    let token = signer(false).sign(&claims(Audience::Mobile)).unwrap();
    let parts = [
        "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6ImtQcktfcW14VldhWVZBOXd3QkY2SXVvM3ZWeno3VHhIQ1R3WEJ5Z3JTNGsifQ",
        "eyJpc3MiOiJodHRwczovL211c3Rlci5leGFtcGxlIiwic3ViIjoiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAxIiwiYXVkIjoibXVzdGVyIiwiaWF0IjoxNzk1MzQ4ODAwLCJleHAiOjE3OTUzNDk3MDAsInNpZCI6IjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMiJ9",
        "ao2UKB0Pv0BJVf86LgJ3_q3yy5imAX0KIVKyECq57Yig4h679cOZ4OlO8Rzj3UuAn8SKqipL668V-cdvrXm1Aw",
    ];
    assert_eq!(token.expose(), parts.join("."));
}

#[test]
fn signed_token_verifies_to_the_same_claims() {
    let signer = signer(true);
    for audience in [Audience::Mobile, Audience::BreakGlass, Audience::Development] {
        let claims = AccessClaims { session_id: None, ..claims(audience) };
        let token = signer.sign(&claims).unwrap();
        assert_eq!(signer.verify(token.expose(), NOW), Ok(claims));
    }
}

#[test]
fn times_are_cut_to_whole_seconds() {
    let signer = signer(false);
    let half = Duration::milliseconds(500);
    let given = claims(Audience::Mobile);
    let token =
        signer.sign(&AccessClaims { issued_at: NOW + half, expires_at: given.expires_at + half, ..given }).unwrap();
    assert_eq!(signer.verify(token.expose(), NOW), Ok(given));
}

#[test]
fn token_works_until_the_second_of_its_expiry() {
    let signer = signer(false);
    let given = claims(Audience::Mobile);
    let token = signer.sign(&given).unwrap();
    let just_before = given.expires_at - Duration::microseconds(1);
    assert_eq!(signer.verify(token.expose(), just_before), Ok(given));
    assert_eq!(signer.verify(token.expose(), given.expires_at), Err(InvalidAccessToken));
    assert_eq!(signer.verify(token.expose(), given.expires_at + Duration::seconds(1)), Err(InvalidAccessToken));
}

#[test]
fn development_token_is_refused_outside_development() {
    let token = signer(true).sign(&claims(Audience::Development)).unwrap();
    assert!(signer(true).verify(token.expose(), NOW).is_ok());
    assert_eq!(signer(false).verify(token.expose(), NOW), Err(InvalidAccessToken));
}

#[test]
fn break_glass_token_is_taken_by_every_server_and_names_its_audience() {
    let claims = AccessClaims { session_id: None, ..claims(Audience::BreakGlass) };
    for accepts_development in [false, true] {
        let token = signer(accepts_development).sign(&claims).unwrap();
        assert_eq!(signer(accepts_development).verify(token.expose(), NOW), Ok(claims));
    }
    let by_hand = forge(&header(), &without(with(payload(), "aud", json!("muster-break-glass")), "sid"));
    assert_eq!(signer(false).verify(&by_hand, NOW), Ok(claims));
}

#[test]
fn token_of_another_key_is_refused() {
    let other = SigningKey::generate(&SystemEntropy).unwrap();
    let other = AccessTokenSigner::new(&other, "https://muster.example".to_owned(), true);
    let token = other.sign(&claims(Audience::Mobile)).unwrap();
    assert_eq!(signer(true).verify(token.expose(), NOW), Err(InvalidAccessToken));
}

/// The servers of each step of a rotation, the first and the last of which know one key alone.
#[test]
fn tokens_of_each_step_of_a_rotation_are_taken_until_their_key_is_removed() {
    let (old, new) = (key(), SigningKey::generate(&SystemEntropy).unwrap());
    let issuer = || "https://muster.example".to_owned();
    let steps = [
        AccessTokenSigner::new(&old, issuer(), false),
        AccessTokenSigner::rotating(&old, &[&new], issuer(), false),
        AccessTokenSigner::rotating(&new, &[&old], issuer(), false),
        AccessTokenSigner::new(&new, issuer(), false),
    ];
    let taken = |signer: usize| {
        let token = steps[signer].sign(&claims(Audience::Mobile)).unwrap();
        [0, 1, 2, 3].map(|checker: usize| steps[checker].verify(token.expose(), NOW).is_ok())
    };
    assert_eq!(taken(0), [true, true, true, false]);
    assert_eq!(taken(1), [true, true, true, false]);
    assert_eq!(taken(2), [false, true, true, true]);
    assert_eq!(taken(3), [false, true, true, true]);
}

#[test]
fn the_key_set_names_the_signing_key_first_and_then_the_others() {
    let (old, new) = (key(), SigningKey::generate(&SystemEntropy).unwrap());
    let signer = AccessTokenSigner::rotating(&new, &[&old], "https://muster.example".to_owned(), false);
    let kids: Vec<_> = signer.jwks()["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(kids, [json!(new.thumbprint()), json!(KID)]);
    for key in signer.jwks()["keys"].as_array().unwrap() {
        assert_eq!(key.as_object().unwrap().keys().collect::<Vec<_>>(), ["alg", "crv", "kid", "kty", "use", "x"]);
    }
}

#[test]
fn a_token_that_names_another_key_than_the_one_that_signed_it_is_refused() {
    let other = SigningKey::generate(&SystemEntropy).unwrap();
    let signer = AccessTokenSigner::rotating(&key(), &[&other], "https://muster.example".to_owned(), false);
    let misnamed = forge(&with(header(), "kid", json!(other.thumbprint())), &payload());
    assert_eq!(signer.verify(&misnamed, NOW), Err(InvalidAccessToken));
    assert!(signer.verify(&forge(&header(), &payload()), NOW).is_ok());
}

/// Guards the tests below: what they change is what is refused.
#[test]
fn forged_token_without_a_fault_is_taken() {
    assert_eq!(signer(false).verify(&forge(&header(), &payload()), NOW), Ok(claims(Audience::Mobile)));
}

#[rstest]
#[case::jwt_of_another_type(with(header(), "typ", json!("JWT")), payload())]
#[case::no_type(without(header(), "typ"), payload())]
#[case::another_key_id(with(header(), "kid", json!("other")), payload())]
#[case::no_key_id(without(header(), "kid"), payload())]
#[case::unknown_critical_header(with(header(), "crit", json!(["b64"])), payload())]
#[case::algorithm_none(with(header(), "alg", json!("none")), payload())]
#[case::algorithm_hs256(with(header(), "alg", json!("HS256")), payload())]
#[case::algorithm_rs256(with(header(), "alg", json!("RS256")), payload())]
#[case::algorithm_es256(with(header(), "alg", json!("ES256")), payload())]
#[case::another_issuer(header(), with(payload(), "iss", json!("https://evil.example")))]
#[case::no_issuer(header(), without(payload(), "iss"))]
#[case::another_audience(header(), with(payload(), "aud", json!("other")))]
#[case::a_list_of_audiences(header(), with(payload(), "aud", json!(["muster", "other"])))]
#[case::no_audience(header(), without(payload(), "aud"))]
#[case::no_expiry(header(), without(payload(), "exp"))]
#[case::expiry_that_is_no_number(header(), with(payload(), "exp", json!("tomorrow")))]
#[case::expiry_beyond_all_time(header(), with(payload(), "exp", json!(i64::MAX)))]
#[case::not_yet_valid(header(), with(payload(), "nbf", json!(NOW.unix_timestamp() + 1)))]
#[case::subject_that_is_no_id(header(), with(payload(), "sub", json!("ada")))]
#[case::no_subject(header(), without(payload(), "sub"))]
fn faulty_token_is_refused_though_its_signature_is_right(#[case] header: Value, #[case] payload: Value) {
    assert_eq!(signer(false).verify(&forge(&header, &payload), NOW), Err(InvalidAccessToken));
}

#[test]
fn unsigned_token_is_refused() {
    let none = with(header(), "alg", json!("none"));
    for header in [header(), none] {
        let message = unsigned(&header, &payload());
        assert_eq!(signer(true).verify(&format!("{message}."), NOW), Err(InvalidAccessToken));
        assert_eq!(signer(true).verify(&message, NOW), Err(InvalidAccessToken));
    }
}

#[test]
fn public_key_is_no_hmac_secret() {
    let message = unsigned(&with(header(), "alg", json!("HS256")), &payload());
    for secret in [key().public().to_vec(), key().x().into_bytes()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(signer(true).verify(&token, NOW), Err(InvalidAccessToken));
    }
}

/// Identity providers sign with these. Their tokens are checked elsewhere: here no key and no setting could take them.
#[rstest]
#[case::rs256(Algorithm::RS256)]
#[case::es256(Algorithm::ES256)]
#[case::ps256(Algorithm::PS256)]
#[case::hs256(Algorithm::HS256)]
fn no_other_algorithm_can_be_verified_in_this_process(#[case] algorithm: Algorithm) {
    jwt_provider::install();
    let key = match algorithm {
        Algorithm::ES256 => DecodingKey::from_ec_der(&[4; 65]),
        Algorithm::HS256 => DecodingKey::from_secret(&[4; 32]),
        _ => DecodingKey::from_rsa_der(&[4; 270]),
    };
    let message = unsigned(&with(header(), "alg", json!(algorithm)), &payload());
    let tried = jsonwebtoken::crypto::verify(&URL_SAFE_NO_PAD.encode([4; 64]), message.as_bytes(), &key, algorithm);
    assert_eq!(tried.map_err(jsonwebtoken::errors::Error::into_kind), Err(ErrorKind::UnsupportedAlgorithm));
}

#[test]
fn token_that_is_signed_by_p256_is_refused() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let message = unsigned(&with(header(), "alg", json!(algorithm)), &payload());
        let signature = pair.sign(&random, message.as_bytes()).unwrap();
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(signer(true).verify(&token, NOW), Err(InvalidAccessToken));
    }
}

#[test]
fn changed_payload_is_refused() {
    let token = forge(&header(), &payload());
    let (_, signature) = token.rsplit_once('.').unwrap();
    let changed = unsigned(&header(), &with(payload(), "sub", json!(Uuid::from_u128(9))));
    assert_eq!(signer(true).verify(&format!("{changed}.{signature}"), NOW), Err(InvalidAccessToken));
}

#[test]
fn overlong_token_is_refused_though_its_signature_is_right() {
    let token = forge(&header(), &with(payload(), "padding", json!("x".repeat(4096))));
    assert_eq!(signer(true).verify(&token, NOW), Err(InvalidAccessToken));
}

#[test]
fn jwks_holds_the_public_key_and_nothing_else() {
    assert_eq!(
        *signer(true).jwks(),
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": KID, "alg": "EdDSA", "use": "sig",
        }] })
    );
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", signer(true)), r#"AccessTokenSigner { issuer: "https://muster.example", .. }"#);
}

proptest::proptest! {
    #[test]
    fn whatever_is_sent_as_a_token_is_refused_without_a_panic(token in "[a-zA-Z0-9_.=-]{0,200}|\\PC{0,50}") {
        proptest::prop_assert_eq!(signer(true).verify(&token, NOW), Err(InvalidAccessToken));
    }

    #[test]
    fn one_changed_byte_spoils_a_token(at in 0..300_usize, to in "[A-Za-z0-9_-]") {
        let good = forge(&header(), &payload());
        let at = at % good.len();
        let mut changed = good.clone();
        changed.replace_range(at..=at, &to);
        let refused = signer(true).verify(&changed, NOW).is_err();
        proptest::prop_assert_eq!(refused, changed != good);
    }
}

#[test]
fn a_token_that_is_remembered_begins_and_ends_all_the_same() {
    let signer = signer(false);
    let token = signer.sign(&claims(Audience::Mobile)).unwrap();
    let end = NOW + Duration::minutes(15);
    for _ in 0..2 {
        assert_eq!(signer.verify(token.expose(), end - Duration::seconds(1)), Ok(claims(Audience::Mobile)));
        assert_eq!(signer.verify(token.expose(), end), Err(InvalidAccessToken));
    }
    assert_eq!(signer.genuine.len(), 1);
}

#[test]
fn a_token_that_is_not_genuine_is_not_remembered() {
    let signer = signer(false);
    let token = signer.sign(&claims(Audience::Mobile)).unwrap();
    let (body, _) = token.expose().rsplit_once('.').unwrap();
    let forged = format!("{body}.{}", URL_SAFE_NO_PAD.encode([7; 64]));
    assert_eq!(signer.verify(&forged, NOW), Err(InvalidAccessToken));
    assert_eq!(signer.genuine.len(), 0);
    assert!(signer.verify(token.expose(), NOW).is_ok());
    assert_eq!(signer.verify(&forged, NOW), Err(InvalidAccessToken));
}
