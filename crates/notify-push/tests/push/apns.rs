use muster_domain::device::{Platform, PushToken};
use muster_domain::verification::{NotifyError, PushSender};
use muster_notify::Policy;
use muster_notify_push::PushSettings;
use muster_testkit::FixedClock;
use muster_testkit_providers::{ApnsServer, Told};
use rstest::rstest;
use rustls::RootCertStore;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::common::{
    CODE, IOS_TOKEN, NOTICE_BODY, NOTICE_TITLE, TOPIC, apns, apns_settings, apns_with_key, assert_silent, code_message,
    gone, message, notice, rejected, send, senders, shown, throttled, token, unavailable,
};

#[tokio::test]
async fn an_alert_has_every_header_and_the_code() {
    let server = ApnsServer::start().await;
    let (push, _) = apns(&server);
    let receipt = send(&push, Platform::Ios).await.unwrap();
    let [request] = server.server.received().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.path), ("POST", format!("/3/device/{IOS_TOKEN}")));
    let token = server.claims(&server.server.received()[0]).unwrap();
    assert_eq!(token.header, json!({ "alg": "ES256", "kid": ApnsServer::KEY_ID }));
    assert_eq!(token.claims, json!({ "iss": ApnsServer::TEAM_ID, "iat": FixedClock::START.unix_timestamp() }));
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    assert_eq!(header("apns-topic"), Some(TOPIC));
    assert_eq!(header("apns-push-type"), Some("alert"));
    assert_eq!(header("apns-priority"), Some("10"));
    assert_eq!(header("apns-collapse-id"), Some("muster-code"));
    let expires_at = code_message().at + code_message().valid_for;
    assert_eq!(header("apns-expiration"), Some(expires_at.unix_timestamp().to_string().as_str()));
    let id = header("apns-id").unwrap();
    assert_eq!(uuid::Uuid::try_parse(id).unwrap().to_string(), id);
    assert_eq!(receipt.provider_message_id.as_deref(), Some(id));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "aps": {
                "alert": {
                    "title": format!("Muster code {CODE}"),
                    "body": format!(
                        "Enter it within {} minutes. It was asked for from 192.0.2.7. If that was not you, ignore it.",
                        code_message().valid_for.whole_minutes()
                    ),
                },
                "sound": "default",
                "interruption-level": "time-sensitive",
            },
            "code": CODE,
            "expiresAt": body["expiresAt"],
        })
    );
    assert_eq!(body["expiresAt"], expires_at.format(&Rfc3339).unwrap());
}

#[tokio::test]
async fn a_notice_waits_for_a_day_and_spares_the_battery() {
    let server = ApnsServer::start().await;
    let (push, _) = apns(&server);
    let at = FixedClock::START - Duration::HOUR;
    push.send_push(Platform::Ios, &token(Platform::Ios), &notice(at)).await.unwrap();
    let [request] = server.server.received().try_into().unwrap();
    assert_eq!(request.header("apns-push-type"), Some("alert"));
    assert_eq!(request.header("apns-priority"), Some("5"));
    let expires_at = (FixedClock::START + Duration::hours(23)).unix_timestamp();
    assert_eq!(request.header("apns-expiration"), Some(expires_at.to_string().as_str()));
    let collapses = request.header("apns-collapse-id").unwrap();
    assert!(collapses.starts_with("muster-notice-sms-"), "{collapses}");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let expected = json!({
        "aps": {
            "alert": { "title": NOTICE_TITLE, "body": NOTICE_BODY },
            "sound": "default",
            "interruption-level": "active",
        },
        "kind": "contactChanged",
        "method": "sms",
        "at": at.format(&Rfc3339).unwrap(),
    });
    assert_eq!(body, expected);
}

/// APNs refuses a provider whose tokens are older than an hour, or change more than once in 20 minutes.
#[tokio::test]
async fn a_token_is_sent_again_for_forty_minutes() {
    let server = ApnsServer::start().await;
    let (push, clock) = apns(&server);
    for minutes in [0, 39, 1, 39, 1] {
        clock.advance(Duration::minutes(minutes));
        send(&push, Platform::Ios).await.unwrap();
    }
    let requests = server.server.received();
    let tokens: Vec<_> = requests.iter().map(|request| request.header("authorization").unwrap()).collect();
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
    assert_eq!(tokens[2], tokens[3]);
    assert_ne!(tokens[3], tokens[4]);
    let made_at = |index: usize| server.claims(&requests[index]).unwrap().claims["iat"].as_i64().unwrap();
    assert_eq!((made_at(2) - made_at(1), made_at(4) - made_at(3)), (2_400, 2_400));
    assert_eq!(server.server.connections(), 1, "one connection of HTTP/2 carries all");
}

/// The number of requests tells how often it was tried.
#[rstest]
#[case(410, "Unregistered", gone, 1)]
#[case(410, "ExpiredToken", gone, 1)]
#[case(400, "BadDeviceToken", rejected, 1)]
#[case(410, "SomethingElse", rejected, 1)]
#[case(400, "DeviceTokenNotForTopic", rejected, 1)]
#[case(400, "BadTopic", unavailable, 1)]
#[case(400, "TopicDisallowed", unavailable, 1)]
#[case(400, "PayloadEmpty", rejected, 1)]
#[case(403, "InvalidProviderToken", unavailable, 1)]
#[case(403, "ExpiredProviderToken", unavailable, 1)]
#[case(403, "BadCertificateEnvironment", unavailable, 1)]
#[case(404, "BadPath", rejected, 1)]
#[case(405, "MethodNotAllowed", unavailable, 1)]
#[case(413, "PayloadTooLarge", rejected, 1)]
#[case(429, "TooManyRequests", throttled, 3)]
#[case(429, "TooManyProviderTokenUpdates", throttled, 3)]
#[case(500, "InternalServerError", unavailable, 1)]
#[case(503, "ServiceUnavailable", unavailable, 3)]
#[case(503, "Shutdown", unavailable, 3)]
#[tokio::test]
async fn a_reason_is_told_for_what_it_is(
    #[case] status: u16,
    #[case] reason: &str,
    #[case] is_expected: fn(&NotifyError) -> bool,
    #[case] requests: usize,
) {
    let server = ApnsServer::start().await;
    server.answer_next(vec![ApnsServer::refusal(status, reason); 3]);
    let error = send(&apns(&server).0, Platform::Ios).await.unwrap_err();
    assert!(is_expected(&error), "{error:?}");
    assert_eq!(server.server.received().len(), requests);
}

#[rstest]
#[case::in_milliseconds(json!(1_764_547_200_123_i64), Some(datetime!(2025-12-01 00:00:00.123 UTC)))]
#[case::not_at_all(json!(null), None)]
#[case::beyond_all_time(json!(i64::MAX), None)]
#[case::as_a_text(json!("1764547200123"), None)]
#[tokio::test]
async fn a_token_is_gone_since_when_apns_says(#[case] timestamp: Value, #[case] expected: Option<OffsetDateTime>) {
    let server = ApnsServer::start().await;
    let body = json!({ "reason": "Unregistered", "timestamp": timestamp });
    server.answer_next([Told::new(410, body.to_string())]);
    match send(&apns(&server).0, Platform::Ios).await.unwrap_err() {
        NotifyError::Gone { since, .. } => assert_eq!(since, expected),
        error => panic!("{error:?}"),
    }
}

#[rstest]
#[case::not_at_all(Told::new(200, ""))]
#[case::by_no_id(Told::new(200, "").with("apns-id", "1"))]
#[case::by_a_page(Told::new(200, "<!DOCTYPE html>"))]
#[case::with_another_status(Told::new(202, "").with("apns-id", "eabeae54-14a8-11e5-b60b-1697f925ec7b"))]
#[tokio::test]
async fn an_alert_that_is_not_named_is_not_accepted(#[case] answer: Told) {
    let server = ApnsServer::start().await;
    server.answer_next([answer]);
    let error = send(&apns(&server).0, Platform::Ios).await.unwrap_err();
    assert!(unavailable(&error), "{error:?}");
    assert_eq!(server.server.received().len(), 1);
}

#[tokio::test]
async fn all_attempts_of_a_message_have_one_id() {
    let server = ApnsServer::start().await;
    server.answer_next([ApnsServer::refusal(503, "ServiceUnavailable")]);
    let (push, _) = apns(&server);
    send(&push, Platform::Ios).await.unwrap();
    send(&push, Platform::Ios).await.unwrap();
    let requests = server.server.received();
    let ids: Vec<_> = requests.iter().map(|request| request.header("apns-id").unwrap()).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test]
async fn another_key_is_not_taken() {
    let (server, other) = (ApnsServer::start().await, ApnsServer::start().await);
    let error = send(&apns_with_key(&server.server, &other.key).0, Platform::Ios).await.unwrap_err();
    assert!(unavailable(&error), "{error:?}");
    assert!(shown(&error).contains("InvalidProviderToken"));
}

#[tokio::test]
async fn a_server_that_is_not_trusted_is_shown_nothing() {
    let server = ApnsServer::start().await;
    let settings =
        PushSettings { apns: Some(apns_settings(&server.server.url, &server.key)), ..PushSettings::default() };
    let (push, _) = senders(settings, Policy::default(), &RootCertStore::empty());
    let error = send(&push, Platform::Ios).await.unwrap_err();
    assert!(unavailable(&error), "{error:?}");
    assert_eq!((server.server.connections(), server.server.received()), (0, vec![]));
}

#[tokio::test]
async fn a_reason_that_is_none_is_not_repeated() {
    let server = ApnsServer::start().await;
    server.answer_next([Told::new(400, json!({ "reason": IOS_TOKEN }).to_string())]);
    let error = send(&apns(&server).0, Platform::Ios).await.unwrap_err();
    assert!(rejected(&error), "{error:?}");
}

#[tokio::test]
async fn what_is_not_hexadecimal_is_refused_without_asking_apns() {
    let server = ApnsServer::start().await;
    let (push, _) = apns(&server);
    let long = "a".repeat(513);
    for token in ["../../secret-path-of-another", "fcm:0123456789abcdef", "0123456789abcdeg", "abc", long.as_str()] {
        let token = PushToken::parse(Platform::Ios, token).unwrap();
        let error = push.send_push(Platform::Ios, &token, &message()).await.unwrap_err();
        assert!(rejected(&error), "{error:?}");
        assert_silent(&error);
        assert!(!shown(&error).contains(token.expose()));
    }
    assert_eq!(server.server.connections(), 0);
}
