use muster_notify_push::{
    ApnsKey, ApnsTopic, AppleId, BaseUrl, InvalidKey, InvalidServiceAccount, InvalidVapidKey, ServiceAccount, VapidKey,
    VapidSubject,
};
use muster_testkit_providers::{FcmServer, GoogleKey};
use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{VAPID_PRIVATE, VAPID_PUBLIC, web_settings};

fn p256_pem() -> String {
    rcgen::KeyPair::generate().unwrap().serialize_pem()
}

#[test]
fn a_vapid_key_gives_its_public_half() {
    let key = VapidKey::parse(&format!(" {VAPID_PRIVATE}= \n")).unwrap();
    assert_eq!(key.application_server_key(), VAPID_PUBLIC);
    assert_eq!(VapidKey::parse(&p256_pem()).unwrap().application_server_key().len(), 87);
}

#[test]
fn a_vapid_key_that_is_none_is_told_why() {
    let parse = |text: &str| VapidKey::parse(text).unwrap_err();
    assert_eq!(parse(""), InvalidVapidKey::Form);
    assert_eq!(parse("not base64url!"), InvalidVapidKey::Form);
    assert_eq!(parse("AAAA"), InvalidVapidKey::Form);
    assert_eq!(parse(VAPID_PUBLIC), InvalidVapidKey::Public);
    assert_eq!(parse(&"A".repeat(43)), InvalidVapidKey::Key(InvalidKey::NotP256));
    assert_eq!(parse(&GoogleKey::get().private), InvalidVapidKey::Key(InvalidKey::NotP256));
    assert_eq!(parse("-----BEGIN CERTIFICATE-----"), InvalidVapidKey::Key(InvalidKey::NotPem));
    let old = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    assert_eq!(parse(old), InvalidVapidKey::Key(InvalidKey::NotPkcs8));
}

#[rstest]
#[case("mailto:ops@example.com", true)]
#[case("https://example.com/contact", true)]
#[case("mailto:", false)]
#[case("mailto:nobody", false)]
#[case("ops@example.com", false)]
#[case("http://example.com", false)]
#[case("", false)]
fn a_subject_is_a_mailbox_or_a_page(#[case] text: &str, #[case] good: bool) {
    assert_eq!(VapidSubject::parse(text).is_ok(), good);
}

fn account_with(change: impl FnOnce(&mut Value)) -> Result<ServiceAccount, InvalidServiceAccount> {
    let mut account: Value = serde_json::from_str(&FcmServer::account()).unwrap();
    change(&mut account);
    ServiceAccount::parse(&account.to_string())
}

#[test]
fn a_service_account_that_is_none_is_told_why() {
    use InvalidServiceAccount as Invalid;

    let account = account_with(|_| ()).unwrap();
    assert_eq!((account.client_email(), account.project_id()), (FcmServer::ACCOUNT, FcmServer::PROJECT));
    assert_eq!(ServiceAccount::parse("{").unwrap_err(), Invalid::NotJson);
    assert_eq!(ServiceAccount::parse("{}").unwrap_err(), Invalid::Missing("client_email"));
    assert_eq!(account_with(|a| a["project_id"] = json!(7)).unwrap_err(), Invalid::NotJson);
    assert_eq!(account_with(|a| a["type"] = json!("authorized_user")).unwrap_err(), Invalid::OtherKind);
    for field in ["client_email", "private_key", "project_id", "token_uri"] {
        let without = account_with(|a| a[field] = Value::Null);
        assert_eq!(without.unwrap_err(), Invalid::Missing(field));
    }
    assert_eq!(account_with(|a| a["project_id"] = json!("../other")).unwrap_err(), Invalid::Project);
    assert_eq!(account_with(|a| a["token_uri"] = json!("http://x.example/")).unwrap_err(), Invalid::TokenUri);
    assert_eq!(account_with(|a| a["private_key"] = json!("x")).unwrap_err(), Invalid::Key(InvalidKey::NotPem));
    assert_eq!(account_with(|a| a["private_key"] = json!(p256_pem())).unwrap_err(), Invalid::Key(InvalidKey::NotRsa));
}

#[test]
fn an_apns_key_is_of_the_curve_p256() {
    assert!(ApnsKey::parse(&p256_pem()).is_ok());
    assert_eq!(ApnsKey::parse(&GoogleKey::get().private).unwrap_err(), InvalidKey::NotP256);
    assert_eq!(ApnsKey::parse("ABC123DEFG").unwrap_err(), InvalidKey::NotPem);
}

#[rstest]
#[case("ABC123DEFG", true)]
#[case("abc123defg", false)]
#[case("ABC123DEF", false)]
#[case("ABC123DEFGH", false)]
#[case("", false)]
fn an_id_of_apples_is_ten_capitals_and_digits(#[case] text: &str, #[case] good: bool) {
    assert_eq!(AppleId::parse(text).is_ok(), good);
}

#[rstest]
#[case("com.example.oncall", true)]
#[case("com.example.on call", false)]
#[case("com.example\r\napns-id: x", false)]
#[case("", false)]
fn a_topic_is_a_bundle_id(#[case] text: &str, #[case] good: bool) {
    assert_eq!(ApnsTopic::parse(text).is_ok(), good);
}

#[rstest]
#[case("https://gateway.example/push/", Some("https://gateway.example/push"))]
#[case("http://127.0.0.1:8080", Some("http://127.0.0.1:8080"))]
#[case("ftp://gateway.example", None)]
#[case("https://user:secret@gateway.example", None)]
#[case("https://gateway.example/?a=b", None)]
#[case("https://gateway.example/#a", None)]
#[case("gateway.example", None)]
#[case("", None)]
fn a_base_address_is_a_bare_one(#[case] text: &str, #[case] good: Option<&str>) {
    assert_eq!(BaseUrl::parse(text).as_ref().ok().map(BaseUrl::as_str), good);
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?} {:?}", web_settings(None), account_with(|_| ()).unwrap());
    assert!(shown.contains("VapidKey(redacted)"));
    for secret in [VAPID_PRIVATE, "PRIVATE KEY", "EcdsaKeyPair", "RsaKeyPair"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(format!("{:?}", ApnsKey::parse(&p256_pem()).unwrap()), "ApnsKey(redacted)");
}
