use std::sync::Arc;

use muster_domain::device::Platform;
use muster_domain::verification::NotifyError;
use muster_notify::{Circuit, Policy};
use muster_notify_push::PushSettings;
use muster_testkit::FixedClock;
use muster_testkit_providers::{Fault, FaultServer, FcmServer, Told};
use rstest::rstest;
use rustls::RootCertStore;
use serde_json::json;
use time::Duration;

use crate::common::{QUICK, fcm, fcm_settings, impatient, send, senders, throttled, unavailable};

#[tokio::test]
async fn an_access_token_is_asked_for_in_the_accounts_name() {
    let server = FcmServer::start().await;
    let (push, _) = fcm(&server, Policy::default());
    send(&push, Platform::Android).await.unwrap();
    let [asked] = server.granted().try_into().unwrap();
    assert_eq!(asked.header, json!({ "alg": "RS256", "typ": "JWT", "kid": "0123456789abcdef" }));
    let now = FixedClock::START.unix_timestamp();
    let expected = json!({
        "iss": FcmServer::ACCOUNT,
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": FcmServer::TOKEN_URI,
        "iat": now,
        "exp": now + 3_600,
    });
    assert_eq!(asked.claims, expected);
    let [_, message] = server.server.received().try_into().unwrap();
    assert_eq!(message.header("authorization"), Some("Bearer access-token-1"));
}

#[tokio::test]
async fn fifty_sends_at_once_fetch_one_access_token() {
    let server = FcmServer::start().await;
    let (push, clock) = fcm(&server, Policy::default());
    let push = Arc::new(push);
    for round in 1..=2 {
        let sends: Vec<_> = (0..50)
            .map(|_| {
                let push = push.clone();
                tokio::spawn(async move { send(&push, Platform::Android).await })
            })
            .collect();
        for sending in sends {
            sending.await.unwrap().unwrap();
        }
        assert_eq!(server.granted().len(), round);
        clock.advance(Duration::hours(1));
    }
    assert_eq!(server.server.received().len(), 102);
}

#[tokio::test]
async fn a_token_is_replaced_shortly_before_it_expires() {
    let server = FcmServer::start().await;
    let (push, clock) = fcm(&server, Policy::default());
    for (seconds, fetches) in [(0, 1), (3_298, 1), (1, 2), (0, 2)] {
        clock.advance(Duration::seconds(seconds));
        send(&push, Platform::Android).await.unwrap();
        assert_eq!(server.granted().len(), fetches, "{seconds}");
    }
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_replaced_once() {
    let server = FcmServer::start().await;
    let (push, _) = fcm(&server, Policy::default());
    send(&push, Platform::Android).await.unwrap();
    server.revoke();
    send(&push, Platform::Android).await.unwrap();
    assert_eq!(server.granted().len(), 2);
    let refused = FcmServer::refusal(401, "UNAUTHENTICATED", None);
    server.answer_next([refused.clone(), refused]);
    let error = send(&push, Platform::Android).await.unwrap_err();
    assert!(matches!(error, NotifyError::Unavailable(_)), "{error:?}");
    assert_eq!(server.granted().len(), 3, "it was fetched once more, and no further");
}

#[tokio::test]
async fn many_that_are_refused_at_once_share_one_new_token() {
    let server = FcmServer::start().await;
    let (push, _) = fcm(&server, Policy::default());
    send(&push, Platform::Android).await.unwrap();
    server.revoke();
    let push = Arc::new(push);
    let sends: Vec<_> = (0..10)
        .map(|_| {
            let push = push.clone();
            tokio::spawn(async move { send(&push, Platform::Android).await })
        })
        .collect();
    for sending in sends {
        sending.await.unwrap().unwrap();
    }
    assert_eq!(server.granted().len(), 2);
}

fn rejected_grant() -> Told {
    Told::new(400, json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature." }).to_string())
}

/// Without an access token nothing is handed over, so what passes is tried again.
#[rstest]
#[case::credentials(rejected_grant(), unavailable, 1)]
#[case::forbidden(Told::new(403, "{}"), unavailable, 1)]
#[case::throttled(Told::new(429, "{}"), throttled, 3)]
#[case::throttled_for_long(Told::new(429, "{}").with("retry-after", "30"), throttled, 1)]
#[case::internal(Told::new(500, "{}"), unavailable, 3)]
#[case::unavailable(Told::new(503, "{}"), unavailable, 3)]
#[case::not_json(Told::new(200, "<!DOCTYPE html>"), unavailable, 3)]
#[tokio::test]
async fn without_an_access_token_nothing_is_sent(
    #[case] answer: Told,
    #[case] is_expected: fn(&NotifyError) -> bool,
    #[case] fetches: usize,
) {
    let server = FcmServer::start().await;
    server.grant_next(vec![answer; 3]);
    let (push, _) = fcm(&server, Policy::default());
    let error = send(&push, Platform::Android).await.unwrap_err();
    assert!(is_expected(&error), "{error:?}");
    let paths: Vec<_> = server.server.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, vec!["/token"; fetches]);
    // A failure is not kept.
    server.grant_next([]);
    if fetches == 3 {
        send(&push, Platform::Android).await.unwrap();
    }
}

/// Whatever breaks on the way to an access token, no message was handed over: it is asked for again.
#[rstest]
#[case::reset_after_the_request(Fault::ResetAfterRequest)]
#[case::half_an_answer(Fault::HalfAnswer(200))]
#[tokio::test]
async fn a_fetch_that_breaks_is_made_again(#[case] fault: Fault) {
    let google = FaultServer::start([fault]).await;
    let taken = FaultServer::start([Fault::json(200, "{}")]).await;
    let settings = PushSettings { fcm: Some(fcm_settings(&taken.url, &google.url)), ..PushSettings::default() };
    let (push, _) = senders(settings, Policy::default(), &RootCertStore::empty());
    let error = send(&push, Platform::Android).await.unwrap_err();
    assert!(unavailable(&error), "{error:?}");
    assert_eq!((google.connections(), taken.connections()), (3, 0));
}

/// A token end-point that hangs holds nobody longer than the deadline, and the next send is not held by those before.
#[tokio::test]
async fn a_fetch_that_hangs_is_given_up_and_made_anew() {
    let policy = impatient(std::time::Duration::from_secs(1));
    let granted = json!({ "access_token": "access-token-1", "expires_in": 3599 });
    let google = FaultServer::start([Fault::NoAnswer, Fault::json(200, granted.to_string())]).await;
    let taken = FaultServer::start([Fault::json(200, r#"{"name":"projects/p/messages/1"}"#)]).await;
    let settings = PushSettings { fcm: Some(fcm_settings(&taken.url, &google.url)), ..PushSettings::default() };
    let (push, _) = senders(settings, policy, &RootCertStore::empty());
    let began = std::time::Instant::now();
    let (one, other) = tokio::join!(send(&push, Platform::Android), send(&push, Platform::Android));
    assert!(matches!(one, Err(NotifyError::TimedOut | NotifyError::Unavailable(_))), "{one:?}");
    assert!(matches!(other, Err(NotifyError::TimedOut | NotifyError::Unavailable(_))), "{other:?}");
    assert!(began.elapsed() < QUICK, "{:?}", began.elapsed());
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    send(&push, Platform::Android).await.unwrap();
    assert_eq!((google.connections(), taken.connections()), (2, 1));
    assert_eq!(push.states()[0].circuit, Circuit::Closed);
}
