use std::time::{Duration, Instant};

use muster_domain::device::Platform;
use muster_domain::verification::NotifyError;
use muster_notify::{Circuit, Policy};
use muster_notify_push::{PushSenders, PushSettings};
use muster_testkit::SeededEntropy;
use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use rustls::RootCertStore;
use serde_json::json;

use crate::common::{
    QUICK, apns_settings, fcm_settings, impatient, patient, rejected, send, senders, unavailable, web_settings,
};

/// What a service says that took a message.
fn taken(platform: Platform) -> Fault {
    match platform {
        Platform::Web => Fault::json(201, ""),
        Platform::Android => Fault::json(200, r#"{"name":"projects/p/messages/1"}"#),
        Platform::Ios => Fault::json(200, "").with("apns-id: eabeae54-14a8-11e5-b60b-1697f925ec7b"),
    }
}

/// Senders of which the one for `platform` is reached at `url`, and what grants FCM's access tokens.
async fn sender(platform: Platform, url: &str, policy: Policy) -> (PushSenders, FaultServer) {
    let granted = json!({ "access_token": "access-token-1", "expires_in": 3599 });
    let google = FaultServer::start([Fault::json(200, granted.to_string())]).await;
    let mut settings = PushSettings::default();
    match platform {
        Platform::Web => settings.web = Some(web_settings(Some(url))),
        Platform::Android => settings.fcm = Some(fcm_settings(url, &google.url)),
        Platform::Ios => settings.apns = Some(apns_settings(url, &apple_key())),
    }
    (senders(settings, policy, &RootCertStore::empty()).0, google)
}

fn apple_key() -> String {
    rcgen::KeyPair::generate().unwrap().serialize_pem()
}

fn html(status: u16) -> Fault {
    Fault::Answer {
        status,
        headers: vec!["content-type: text/html".to_owned()],
        body: "<h1>042917 for subscriptionOfAda</h1>".to_owned(),
    }
}

fn throttled_for(seconds: Option<i64>) -> impl Fn(&NotifyError) -> bool {
    let wait = seconds.map(time::Duration::seconds);
    move |error| matches!(error, NotifyError::Throttled { retry_after } if *retry_after == wait)
}

/// The number of connections tells how often it was tried: again only when the service has surely not taken the message.
#[rstest]
#[case::reset_after_the_request(Fault::ResetAfterRequest, unavailable, 1)]
#[case::half_a_refusal(Fault::HalfAnswer(400), rejected, 1)]
#[case::half_an_answer_500(Fault::HalfAnswer(500), unavailable, 1)]
#[case::half_an_answer_503(Fault::HalfAnswer(503), unavailable, 3)]
#[case::throttled(Fault::json(429, "{}"), throttled_for(None), 3)]
#[case::throttled_for_a_moment(Fault::json(429, "{}").with("retry-after: 0"), throttled_for(Some(0)), 3)]
#[case::throttled_for_long(Fault::json(429, "{}").with("retry-after: 7"), throttled_for(Some(7)), 1)]
#[case::status_500(html(500), unavailable, 1)]
#[case::status_502(html(502), unavailable, 1)]
#[case::status_503(html(503), unavailable, 3)]
#[case::status_503_for_long(html(503).with("retry-after: 60"), unavailable, 1)]
#[case::status_504(html(504), unavailable, 1)]
#[case::refusal_that_is_not_json(html(400), rejected, 1)]
#[tokio::test]
async fn a_fault_is_told_and_tried_again_only_where_nothing_was_taken(
    #[case] fault: Fault,
    #[case] is_expected: impl Fn(&NotifyError) -> bool,
    #[case] connections: usize,
    #[values(Platform::Web, Platform::Android, Platform::Ios)] platform: Platform,
) {
    let server = FaultServer::start([fault.clone()]).await;
    let (push, _google) = sender(platform, &server.url, patient()).await;
    let began = Instant::now();
    let error = send(&push, platform).await.unwrap_err();
    let took = began.elapsed();
    eprintln!("{platform} {fault:?}: {error} after {} ms, {connections} connections", took.as_millis());
    assert!(is_expected(&error), "{error:?}");
    assert_eq!(server.connections(), connections);
    assert!(took < QUICK, "{took:?}");
}

/// FCM's answer names the message that it took, and APNs's a header. Web Push services say it by the status, which came
/// whole.
#[rstest]
#[case(Platform::Web, 201, true)]
#[case(Platform::Web, 202, true)]
#[case(Platform::Android, 200, false)]
#[case(Platform::Ios, 200, false)]
#[tokio::test]
async fn half_of_an_acceptance_counts_where_the_status_says_all(
    #[case] platform: Platform,
    #[case] status: u16,
    #[case] counts: bool,
) {
    for answer in [Fault::HalfAnswer(status), html(status)] {
        let server = FaultServer::start([answer]).await;
        let (push, _google) = sender(platform, &server.url, patient()).await;
        let result = send(&push, platform).await;
        assert_eq!(result.is_ok(), counts, "{result:?}");
        assert!(counts || unavailable(&result.unwrap_err()));
        assert_eq!(server.connections(), 1);
    }
}

#[rstest]
#[tokio::test]
async fn a_refused_connection_fails_soon(
    #[values(Platform::Web, Platform::Android, Platform::Ios)] platform: Platform,
) {
    let (push, _google) = sender(platform, &FaultServer::refusing_url(), patient()).await;
    let began = Instant::now();
    let error = send(&push, platform).await.unwrap_err();
    eprintln!("{platform} refused: {error} after {} ms", began.elapsed().as_millis());
    assert!(unavailable(&error), "{error:?}");
    // Tried three times, with waits of 100 and 300 ms between.
    assert!((Duration::from_millis(400)..QUICK).contains(&began.elapsed()));
}

#[rstest]
#[tokio::test]
async fn no_answer_ends_at_the_deadline_and_is_not_tried_again(
    #[values(Platform::Web, Platform::Android, Platform::Ios)] platform: Platform,
    #[values(500, 5_000)] deadline: u64,
) {
    let policy = impatient(Duration::from_millis(deadline));
    let server = FaultServer::start([Fault::NoAnswer]).await;
    let (push, _google) = sender(platform, &server.url, policy).await;
    let began = Instant::now();
    let error = send(&push, platform).await.unwrap_err();
    let took = began.elapsed();
    eprintln!("{platform} no answer: {error} after {} ms", took.as_millis());
    assert!(matches!(error, NotifyError::TimedOut), "{error:?}");
    assert_eq!(server.connections(), 1);
    assert!((policy.deadline..policy.deadline + QUICK).contains(&took), "{took:?}");
}

#[tokio::test]
async fn what_passes_is_got_over() {
    for platform in [Platform::Web, Platform::Android, Platform::Ios] {
        let busy = Fault::json(429, "{}").with("retry-after: 1");
        let server = FaultServer::start([html(503), busy, taken(platform)]).await;
        let (push, google) = sender(platform, &server.url, patient()).await;
        send(&push, platform).await.unwrap();
        assert_eq!(server.connections(), 3);
        assert_eq!(google.connections(), usize::from(platform == Platform::Android));
    }
}

#[tokio::test]
async fn one_service_that_is_down_leaves_the_others_alone() {
    let (up, down) = (FaultServer::start([taken(Platform::Web)]).await, FaultServer::start([html(500)]).await);
    let settings = PushSettings {
        web: Some(web_settings(Some(&up.url))),
        apns: Some(apns_settings(&down.url, &apple_key())),
        fcm: None,
    };
    let (push, _) = senders(settings, Policy::default(), &RootCertStore::empty());
    for _ in 0..7 {
        assert!(unavailable(&send(&push, Platform::Ios).await.unwrap_err()));
    }
    assert_eq!(down.connections(), 5, "then its circuit is open");
    send(&push, Platform::Web).await.unwrap();
    let states: Vec<_> = push.states().into_iter().map(|state| (state.provider, state.circuit)).collect();
    assert_eq!(states, [("web-push", Circuit::Closed), ("apns", Circuit::Open)]);
}

#[tokio::test]
async fn a_platform_that_is_not_set_up_is_named() {
    let clock = std::sync::Arc::new(muster_testkit::FixedClock::new());
    let entropy = std::sync::Arc::new(SeededEntropy::new(1));
    let push = PushSenders::new(PushSettings::default(), Policy::default(), clock, entropy).unwrap();
    for platform in [Platform::Web, Platform::Android, Platform::Ios] {
        let error = send(&push, platform).await.unwrap_err();
        let NotifyError::Rejected(cause) = error else { panic!("{error:?}") };
        assert_eq!(cause.to_string(), format!("push to {platform} is not set up"));
    }
    assert_eq!(push.states(), []);
}
