use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use serde_json::json;

use crate::emulators::{Push, moto, ses, ses_at, twilio, twilio_example};
use crate::installation::{Installation, Person, Setting};

const ACCOUNTS: &str = "/2010-04-01/Accounts/{Sid}.json";

fn only(channels: &str) -> [Setting; 1] {
    [("MUSTER_CHANNELS", channels.to_owned())]
}

fn roster() -> Vec<Person> {
    vec![Person::new("hedy@doctor.example", "+12025550160")]
}

/// Twilio, as it answers to an active account that has the number.
fn twilio_in_order() -> [Fault; 2] {
    let account = twilio_example(ACCOUNTS, "get", "200");
    let numbers = json!({ "incoming_phone_numbers": [
        { "phone_number": "+15005550006", "capabilities": { "sms": true, "mms": false, "voice": false } },
    ] });
    [Fault::json(200, account.to_string()), Fault::json(200, numbers.to_string())]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_in_order_is_told_so_line_by_line_and_sends_nothing() {
    let (sms, push) = (FaultServer::start(twilio_in_order()).await, Push::start().await);
    let installation = Installation::new();
    let push_settings = push.settings(&installation);
    let installation = installation.with(ses("ca-central-1").await).with(twilio(&sms.url)).with(push_settings);
    let installation = installation.import(roster());

    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);
    for line in [
        "ok    store: schema is the one of this build",
        "ok    email: credentials SES in ca-central-1 takes them",
        "ok    email: sender muster@example.com may send: muster@example.com is verified",
        "ok    sms: credentials Twilio takes them",
        "ok    sms: account active",
        "ok    sms: sender the account has the number, and it can send text messages",
        "ok    push: web-push subject mailto:pager@example.com",
        "ok    push: fcm credentials muster@example-project.iam.gserviceaccount.com may send to the apps of example-project",
    ] {
        assert!(doctor.out.lines().any(|each| each == line), "{line} is not in\n{}", doctor.out);
    }
    for beginning in ["WARN  email: sandbox ", "ok    push: web-push key ", "ok    push: apns credentials "] {
        assert!(doctor.out.lines().any(|each| each.starts_with(beginning)), "{beginning} is not in\n{}", doctor.out);
    }
    assert!(!doctor.out.contains("BAD"), "{}", doctor.out);

    assert!(moto().await.messages().await.iter().all(|message| !message.to.contains(&roster()[0].email)));
    assert!(sms.requests().iter().all(|request| request.starts_with("GET ")), "{:?}", sms.requests());
    let asked = push.fcm.server.received();
    assert!(asked.last().unwrap().body.contains("\"validate_only\":true"), "{asked:?}");
    installation.assert_silent(&format!("{}{}", doctor.out, doctor.err), &["access-token-1".to_owned()]);
}

#[rstest]
#[case::wrong_token(
    Fault::json(401, r#"{"code":20003,"message":"Authenticate","status":401}"#),
    "BAD   sms: credentials Twilio answered 401 (error 20003): check the account's sid, its auth token and its state"
)]
#[case::twilio_is_down(
    Fault::json(503, "<h1>down</h1>"),
    "BAD   sms: connection Twilio answered 503: it does not work for now, try again later"
)]
#[tokio::test(flavor = "multi_thread")]
async fn what_twilio_refuses_is_told_with_what_to_do(#[case] fault: Fault, #[case] line: &str) {
    let provider = FaultServer::start([fault]).await;
    let installation = Installation::new().with(twilio(&provider.url)).with(only("sms")).import(roster());
    told(&installation, line);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_reached_is_told() {
    let url = FaultServer::refusing_url();
    let settings = [twilio(&url), ses_at(&url, "sa-east-1")].concat();
    let installation = Installation::new().with(settings).with(only("email,sms")).import(roster());
    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.out);
    let out = &doctor.out;
    let sms = out.lines().find(|line| line.starts_with("BAD   sms: connection Twilio cannot be reached (")).unwrap();
    assert!(sms.contains("Connection refused"), "{sms}");
    let email = out.lines().find(|line| line.starts_with("BAD   email: credentials ")).unwrap();
    assert!(email.contains("Connection refused") && email.contains("check AWS_REGION"), "{email}");
    installation.assert_silent(&format!("{out}{}", doctor.err), &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_nobody_verified_is_told_with_where_to_do_it() {
    let settings = ses_at(&moto().await.url(), "ap-northeast-1");
    let installation = Installation::new().with(settings).with(only("email")).import(roster());
    told(
        &installation,
        "BAD   email: sender muster@example.com may not send: verify it or its domain in the SES console in \
         ap-northeast-1, or set AWS_SES_FROM_EMAIL",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_apple_does_not_know_and_an_authority_that_is_not_trusted_are_told() {
    let (push, other) = (Push::start().await, Push::start().await);
    let installation = Installation::new();
    let settings = push.settings(&installation);
    installation.folder.write("other.p8", &other.apns.key);
    installation.folder.write("apns-only.pem", push.apns.server.authority_pem());
    let changed = [("APNS_KEY_FILE", "other.p8".to_owned()), ("SSL_CERT_FILE", "apns-only.pem".to_owned())];
    let installation = installation.with(settings).with(changed).with(only("push")).import(roster());
    let out = told(
        &installation,
        "BAD   push: apns credentials APNs does not take key ABC123DEFG (InvalidProviderToken): check the key, its id, \
         the team's id and this machine's time",
    );
    let fcm = out.lines().find(|line| line.starts_with("BAD   push: fcm credentials ")).unwrap();
    assert!(fcm.contains("certificate"), "{fcm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_a_schema_is_told_with_the_command_that_makes_it() {
    let provider = FaultServer::start(twilio_in_order()).await;
    let installation = Installation::new().with(twilio(&provider.url)).with(only("sms"));
    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.out);
    let store = doctor.out.lines().find(|line| line.starts_with("BAD   store: connection ")).unwrap();
    assert!(store.ends_with("to make a store, run `muster migrate`"), "{store}");
    assert!(!installation.folder.path().join("data").exists(), "looking made something");
    let empty = installation.with([("DATABASE_URL", "sqlite://empty.db".to_owned())]);
    empty.folder.write("empty.db", "");
    let doctor = empty.run(&["doctor"]);
    let store = doctor.out.lines().find(|line| line.starts_with("BAD   store: schema ")).unwrap();
    assert!(store.ends_with("run `muster migrate`"), "{store}");
}

/// What the doctor said, which has that line.
fn told(installation: &Installation, line: &str) -> String {
    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.out);
    assert!(doctor.out.lines().any(|each| each == line), "{line} is not in\n{}", doctor.out);
    installation.assert_silent(&format!("{}{}", doctor.out, doctor.err), &[]);
    doctor.out
}
