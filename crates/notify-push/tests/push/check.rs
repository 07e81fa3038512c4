use std::time::{Duration, Instant};

use muster_domain::Clock;
use muster_notify::{Finding, Policy, Verdict};
use muster_notify_push::{PushSenders, PushSettings};
use muster_testkit::FixedClock;
use muster_testkit_providers::{ApnsServer, Fault, FaultServer, FcmServer, Told};
use rstest::rstest;
use rustls::RootCertStore;
use serde_json::{Value, json};

use crate::common::{QUICK, VAPID_PUBLIC, apns, apns_settings, apns_with_key, fcm, fcm_settings, senders, web};

/// At [`FixedClock::START`].
const DATE: &str = "Sun, 22 Nov 2026 12:00:01 GMT";

async fn check(push: &PushSenders) -> Vec<Finding> {
    push.check(FixedClock::new().now()).await
}

fn verdicts(findings: &[Finding]) -> Vec<(&str, Verdict)> {
    findings.iter().map(|finding| (finding.check, finding.verdict)).collect()
}

#[tokio::test]
async fn web_push_is_checked_without_asking_anybody() {
    let findings = check(&web(None).0).await;
    assert_eq!(verdicts(&findings), [("web-push key", Verdict::Good), ("web-push subject", Verdict::Good)]);
    assert!(findings[0].detail.contains(VAPID_PUBLIC));
    assert_eq!(findings[1].detail, "mailto:ops@example.com");
}

#[rstest]
#[case::minds_the_token(400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT"), Verdict::Good)]
#[case::does_not_know_the_token(404, "NOT_FOUND", Some("UNREGISTERED"), Verdict::Good)]
#[case::has_no_such_project(404, "NOT_FOUND", None, Verdict::Bad)]
#[case::forbids_it(403, "PERMISSION_DENIED", None, Verdict::Bad)]
#[case::fails(500, "INTERNAL", Some("INTERNAL"), Verdict::Bad)]
#[tokio::test]
async fn fcm_is_asked_whether_it_would_send_to_nobody(
    #[case] status: u16,
    #[case] google: &str,
    #[case] code: Option<&str>,
    #[case] verdict: Verdict,
) {
    let server = FcmServer::start().await;
    server.answer_next([FcmServer::refusal(status, google, code).with("date", DATE)]);
    let (push, _) = fcm(&server, Policy::default());
    let findings = check(&push).await;
    assert_eq!(verdicts(&findings), [("fcm credentials", verdict), ("fcm clock", Verdict::Good)], "{findings:?}");
    let [_, asked] = server.server.received().try_into().unwrap();
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["validate_only"], json!(true));
}

#[tokio::test]
async fn fcm_credentials_that_google_does_not_know_are_bad() {
    let server = FcmServer::start().await;
    server.grant_next([Told::new(400, json!({ "error": "invalid_grant" }).to_string())]);
    let findings = check(&fcm(&server, Policy::default()).0).await;
    assert_eq!(verdicts(&findings), [("fcm credentials", Verdict::Bad)]);
    assert!(findings[0].detail.contains(FcmServer::ACCOUNT), "{findings:?}");
    assert!(findings[0].detail.contains("it answered 400 (invalid_grant)"), "{findings:?}");
}

#[rstest]
#[case(400, "BadDeviceToken", Verdict::Good)]
#[case(400, "DeviceTokenNotForTopic", Verdict::Bad)]
#[case(400, "TopicDisallowed", Verdict::Bad)]
#[case(403, "ExpiredProviderToken", Verdict::Bad)]
#[case(500, "InternalServerError", Verdict::Bad)]
#[tokio::test]
async fn apns_is_asked_for_a_device_that_cannot_be(
    #[case] status: u16,
    #[case] reason: &str,
    #[case] verdict: Verdict,
) {
    let server = ApnsServer::start().await;
    let late = "Sun, 22 Nov 2026 12:10:00 GMT";
    server.answer_next([ApnsServer::refusal(status, reason).with("date", late)]);
    let findings = check(&apns(&server).0).await;
    assert_eq!(verdicts(&findings), [("apns credentials", verdict), ("apns clock", Verdict::Bad)], "{findings:?}");
    let [asked] = server.server.received().try_into().unwrap();
    assert_eq!(asked.path, format!("/3/device/{}", "0".repeat(64)));
}

#[tokio::test]
async fn an_apns_key_that_apple_does_not_know_is_bad() {
    let (server, other) = (ApnsServer::start().await, ApnsServer::start().await);
    let findings = check(&apns_with_key(&server.server, &other.key).0).await;
    assert_eq!(verdicts(&findings)[0], ("apns credentials", Verdict::Bad));
    assert!(findings[0].detail.contains("InvalidProviderToken"), "{findings:?}");
}

#[tokio::test]
async fn a_check_of_services_that_do_not_answer_ends_in_time() {
    let silent = FaultServer::start([Fault::NoAnswer]).await;
    let key = ApnsServer::start().await.key;
    let settings = PushSettings {
        web: None,
        fcm: Some(fcm_settings(&silent.url, &silent.url)),
        apns: Some(apns_settings(&silent.url, &key)),
    };
    let (push, _) = senders(settings, Policy::default(), &RootCertStore::empty());
    let began = Instant::now();
    let findings = check(&push).await;
    assert_eq!(verdicts(&findings), [("fcm credentials", Verdict::Bad), ("apns credentials", Verdict::Bad)]);
    assert!(began.elapsed() < Duration::from_secs(10) + QUICK, "{:?}", began.elapsed());
}
