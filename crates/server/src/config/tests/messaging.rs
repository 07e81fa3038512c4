use muster_domain::verification::{Allowance, ChannelSet, Method, SendLimits, SmsPrefixes};
use rstest::rstest;
use secrecy::ExposeSecret;

use super::{KEY, PEPPER, faulty_names, parse};
use crate::config::{Messaging, Purpose};

const SID: &str = "AC0123456789abcdef0123456789abcdef";
const VAPID: &str = "4YNWyai6pCKgDsFmte7bz3aJIilNsqQaISi1aCPeFfE";

/// Production with every channel set up, push for browsers alone.
const PRODUCTION: [(&str, &str); 10] = [
    ("MUSTER_MODE", "production"),
    ("MUSTER_PEPPER", PEPPER),
    ("MUSTER_SIGNING_KEY", KEY),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_SES_FROM_EMAIL", "Muster <muster@example.com>"),
    ("TWILIO_ACCOUNT_SID", SID),
    ("TWILIO_AUTH_TOKEN", "twilio-token-that-is-secret"),
    ("TWILIO_PHONE_NUMBER", "+15005550006"),
    ("VAPID_PRIVATE_KEY", VAPID),
    ("VAPID_SUBJECT", "mailto:ops@example.com"),
];

fn with(pairs: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> =
        PRODUCTION.into_iter().filter(|(name, _)| pairs.iter().all(|(other, _)| name != other)).collect();
    all.extend_from_slice(pairs);
    all
}

fn messaging(pairs: &[(&str, &str)]) -> Messaging {
    parse(Purpose::Serve, pairs).unwrap_or_else(|error| panic!("{error}")).messaging
}

#[test]
fn development_needs_no_provider() {
    // AWS_REGION alone is what many machines have for other programs.
    let messaging = messaging(&[("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIA")]);
    assert!(messaging.email.is_none() && messaging.sms.is_none() && messaging.push.is_none());
    assert_eq!(messaging.channels, ChannelSet::ALL);
    assert_eq!(messaging.limits, SendLimits::default());
}

#[test]
fn production_has_a_provider_for_every_channel() {
    let messaging = messaging(&with(&[("MUSTER_PUBLIC_URL", "https://muster.example.com")]));
    let email = messaging.email.unwrap();
    assert_eq!((email.region.as_str(), email.from.as_str()), ("eu-west-1", "Muster <muster@example.com>"));
    assert_eq!(email.public_url.as_deref(), Some("https://muster.example.com"));
    assert!(email.credentials.is_none());
    let sms = messaging.sms.unwrap();
    assert_eq!((sms.account_sid.as_str(), sms.base_url), (SID, None));
    assert_eq!(sms.origin_host.unwrap().as_str(), "muster.example.com");
    let push = messaging.push.unwrap();
    assert!(push.web.is_some() && push.fcm.is_none() && push.apns.is_none());
}

#[test]
fn all_that_production_lacks_is_told_at_once() {
    let production = [("MUSTER_MODE", "production")];
    let error = parse(Purpose::Serve, &production).unwrap_err();
    let names: Vec<&str> = error.faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "AWS_REGION",
            "AWS_SES_FROM_EMAIL",
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
            "TWILIO_PHONE_NUMBER",
            "MUSTER_CHANNELS",
            "MUSTER_PEPPER",
            "MUSTER_SIGNING_KEY"
        ]
    );
    assert!(error.to_string().contains("the Twilio account that sends text messages"), "{error}");
    for purpose in [Purpose::UseStore, Purpose::UsePepper] {
        let pairs = [("MUSTER_MODE", "production"), ("MUSTER_PEPPER", PEPPER)];
        assert!(parse(purpose, &pairs).is_ok());
    }
}

#[test]
fn a_channel_that_is_off_needs_no_provider() {
    let pairs = [
        ("MUSTER_MODE", "production"),
        ("MUSTER_PEPPER", PEPPER),
        ("MUSTER_SIGNING_KEY", KEY),
        ("MUSTER_CHANNELS", "push , email"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_SES_FROM_EMAIL", "muster@example.com"),
        ("VAPID_PRIVATE_KEY", VAPID),
        ("VAPID_SUBJECT", "mailto:ops@example.com"),
    ];
    let messaging = messaging(&pairs);
    assert_eq!(Some(messaging.channels), ChannelSet::of([Method::Email, Method::Push]));
    assert!(messaging.sms.is_none());
}

#[rstest]
#[case::sender_without_region(&[("AWS_SES_FROM_EMAIL", "muster@example.com")], &["AWS_REGION"])]
#[case::half_a_key_pair(
    &[("AWS_SES_FROM_EMAIL", "muster@example.com"), ("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIA")],
    &["AWS_SECRET_ACCESS_KEY"]
)]
#[case::token_alone(&[("TWILIO_AUTH_TOKEN", "t")], &["TWILIO_ACCOUNT_SID", "TWILIO_PHONE_NUMBER"])]
#[case::base_url_alone(
    &[("TWILIO_API_BASE_URL", "http://127.0.0.1:1")],
    &["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER"]
)]
#[case::subject_alone(&[("VAPID_SUBJECT", "mailto:ops@example.com")], &["VAPID_PRIVATE_KEY"])]
#[case::vapid_key_alone(&[("VAPID_PRIVATE_KEY", VAPID)], &["VAPID_SUBJECT"])]
#[case::fcm_address_alone(&[("FCM_API_BASE_URL", "http://127.0.0.1:1")], &["FCM_SERVICE_ACCOUNT_FILE"])]
#[case::apns_key_id_alone(&[("APNS_KEY_ID", "ABC123DEFG")], &["APNS_KEY_FILE", "APNS_TEAM_ID", "APNS_TOPIC"])]
fn development_wants_a_provider_whole_or_not_at_all(#[case] given: &[(&str, &str)], #[case] missing: &[&str]) {
    assert_eq!(faulty_names(Purpose::Serve, given), missing);
    assert!(parse(Purpose::UseStore, given).is_ok());
}

#[rstest]
#[case("MUSTER_CHANNELS", "fax")]
#[case("MUSTER_CHANNELS", "email,,sms")]
#[case("MUSTER_SENDS_PER_DESTINATION", "6")]
#[case("MUSTER_SENDS_PER_USER", "6/many")]
#[case("MUSTER_SENDS_IN_ALL", "-1/5")]
#[case("MUSTER_SENDS_IN_ALL", "0/5")]
#[case("MUSTER_SENDS_IN_ALL", "6/5")]
#[case("MUSTER_SMS_PREFIXES", "44")]
#[case("MUSTER_SMS_PREFIXES", "+0")]
#[case("AWS_REGION", "Ireland")]
#[case("AWS_SES_FROM_EMAIL", "muster")]
#[case("AWS_SES_CONFIGURATION_SET", "two words")]
#[case("AWS_ENDPOINT_URL_SES", "localhost:5000")]
#[case("TWILIO_ACCOUNT_SID", "AC123")]
#[case("TWILIO_AUTH_TOKEN", "two words")]
#[case("TWILIO_PHONE_NUMBER", "15005550006")]
#[case("TWILIO_API_BASE_URL", "api.twilio.com")]
#[case("TWILIO_API_BASE_URL", "http://user:secret@127.0.0.1")]
#[case("TWILIO_API_BASE_URL", "https://api.twilio.com/#part")]
#[case("VAPID_PRIVATE_KEY", "c2hvcnQ")]
#[case("VAPID_SUBJECT", "ops@example.com")]
#[case("WEB_PUSH_API_BASE_URL", "gateway")]
fn malformed_value_is_named_and_not_repeated(#[case] name: &'static str, #[case] value: &'static str) {
    let error = parse(Purpose::Serve, &with(&[(name, value)])).unwrap_err();
    let names: Vec<&str> = error.faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names, [name], "{error}");
    assert!(error.faults[0].detail.starts_with("must "), "{error}");
}

#[test]
fn a_file_that_holds_no_key_is_named_and_not_repeated() {
    let given = with(&[
        ("FCM_SERVICE_ACCOUNT_FILE", "/run/junk"),
        ("APNS_KEY_FILE", "/run/nothing"),
        ("APNS_KEY_ID", "ABC123DEFG"),
        ("APNS_TEAM_ID", "DEF123GHIJ"),
        ("APNS_TOPIC", "com.example.oncall"),
    ]);
    let error = parse(Purpose::Serve, &given).unwrap_err();
    let names: Vec<&str> = error.faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names, ["FCM_SERVICE_ACCOUNT_FILE", "APNS_KEY_FILE"]);
    assert!(!error.to_string().contains("that-is-secret"), "{error}");
}

#[test]
fn a_number_and_a_messaging_service_exclude_each_other() {
    let service = ("TWILIO_MESSAGING_SERVICE_SID", "MG0123456789abcdef0123456789abcdef");
    assert_eq!(faulty_names(Purpose::Serve, &with(&[service])), ["TWILIO_PHONE_NUMBER"]);
}

#[test]
fn limits_are_taken() {
    let limits = messaging(&with(&[
        ("MUSTER_SENDS_PER_DESTINATION", "1/2"),
        ("MUSTER_SENDS_PER_USER", "3 / 4"),
        ("MUSTER_SENDS_IN_ALL", "5/5"),
        ("MUSTER_SMS_PREFIXES", "+1, +44"),
    ]))
    .limits;
    assert_eq!(limits.per_destination, Allowance { hour: 1, day: 2 });
    assert_eq!(limits.per_user, Allowance { hour: 3, day: 4 });
    assert_eq!(limits.installation, Allowance { hour: 5, day: 5 });
    assert_eq!(Some(limits.sms_prefixes), SmsPrefixes::only(["+1", "+44"]));
}

#[test]
fn an_address_that_is_no_web_sites_has_no_codes_filled_in() {
    let messaging = messaging(&with(&[("MUSTER_PUBLIC_URL", "http://127.0.0.1:8080")]));
    assert_eq!(messaging.sms.unwrap().origin_host, None);
}

#[test]
fn no_secret_is_in_debug() {
    let given = with(&[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "aws-key-that-is-secret")]);
    let debug = format!("{:?}", messaging(&given));
    assert!(!debug.contains("that-is-secret") && !debug.contains(VAPID), "{debug}");
}

#[test]
fn aws_secrets_are_read_from_files_too() {
    let files_given = [
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY_FILE", "/run/aws-secret"),
        ("AWS_SESSION_TOKEN_FILE", "/run/aws-secret"),
    ];
    let credentials = messaging(&with(&files_given)).email.unwrap().credentials.unwrap();
    assert_eq!(credentials.secret_access_key.expose_secret(), "aws-key-that-is-secret");
    assert_eq!(credentials.session_token.unwrap().expose_secret(), "aws-key-that-is-secret");
}
