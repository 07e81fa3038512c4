use muster_domain::device::Platform;
use muster_domain::verification::{NotifyError, PushSender};
use muster_notify::Policy;
use muster_testkit::FixedClock;
use muster_testkit_providers::{FcmServer, Told};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::common::{
    ANDROID_TOKEN, CODE, NOTICE_BODY, NOTICE_TITLE, code_message, fcm, gone, notice, rejected, send, shown, throttled,
    token, unavailable,
};

#[tokio::test]
async fn a_message_is_urgent_short_lived_and_replaces_the_last() {
    let server = FcmServer::start().await;
    let (push, clock) = fcm(&server, Policy::default());
    clock.advance(Duration::seconds(40));
    let receipt = send(&push, Platform::Android).await.unwrap();
    assert_eq!(receipt.provider_message_id.as_deref(), Some("projects/example-project/messages/0:1%31bd1c96"));
    let [_, request] = server.server.received().try_into().unwrap();
    assert_eq!(request.path, "/v1/projects/example-project/messages:send");
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let (life, expires_at) = (code_message().valid_for, code_message().at + code_message().valid_for);
    let text = format!(
        "Enter it within {} minutes. It was asked for from 192.0.2.7. If that was not you, ignore it.",
        life.whole_minutes()
    );
    let expected = json!({
        "message": {
            "token": ANDROID_TOKEN,
            "notification": { "title": format!("Muster code {CODE}"), "body": text },
            "data": { "code": CODE, "expiresAt": expires_at.format(&Rfc3339).unwrap() },
            "android": {
                "priority": "HIGH",
                "ttl": format!("{}s", life.whole_seconds() - 40),
                "collapse_key": "muster-code",
                "notification": { "tag": "muster-code" },
            },
        },
    });
    assert_eq!(body, expected);
    assert_eq!(server.server.connections(), 1, "one connection of HTTP/2 carries all");
}

#[tokio::test]
async fn a_notice_waits_for_a_day_and_is_kept_beside_others() {
    let server = FcmServer::start().await;
    let (push, clock) = fcm(&server, Policy::default());
    clock.advance(Duration::seconds(40));
    push.send_push(Platform::Android, &token(Platform::Android), &notice(FixedClock::START)).await.unwrap();
    let [_, request] = server.server.received().try_into().unwrap();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let at = FixedClock::START.format(&Rfc3339).unwrap();
    let android = &body["message"]["android"];
    let tag = android["notification"]["tag"].as_str().unwrap();
    assert!(tag.starts_with("muster-notice-sms-"), "{tag}");
    assert_eq!(*android, json!({ "priority": "NORMAL", "ttl": "86360s", "notification": { "tag": tag } }));
    assert_eq!(body["message"]["notification"], json!({ "title": NOTICE_TITLE, "body": NOTICE_BODY }));
    assert_eq!(body["message"]["data"], json!({ "kind": "contactChanged", "method": "sms", "at": at }));
}

fn invalid(fields: &[&str]) -> Told {
    let violations: Vec<Value> = fields.iter().map(|field| json!({ "field": field, "description": CODE })).collect();
    let details = json!([
        { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT" },
        { "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations },
    ]);
    let error = json!({ "code": 400, "message": ANDROID_TOKEN, "status": "INVALID_ARGUMENT", "details": details });
    Told::new(400, json!({ "error": error }).to_string())
}

/// The number of messages tells how often it was tried.
#[rstest]
#[case::unregistered(FcmServer::refusal(404, "NOT_FOUND", Some("UNREGISTERED")), gone, 1)]
#[case::token_alone_is_invalid(invalid(&["message.token"]), rejected, 1)]
#[case::token_and_more_is_invalid(invalid(&["message.token", "message.data"]), rejected, 1)]
#[case::other_field_is_invalid(invalid(&["message.android.ttl"]), rejected, 1)]
#[case::nothing_named_is_invalid(invalid(&[]), rejected, 1)]
#[case::invalid_by_code_alone(FcmServer::refusal(400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT")), rejected, 1)]
#[case::project_not_found(FcmServer::refusal(404, "NOT_FOUND", None), unavailable, 1)]
#[case::page_not_found(Told::new(404, "<!DOCTYPE html>"), unavailable, 1)]
#[case::sender_mismatch(FcmServer::refusal(403, "PERMISSION_DENIED", Some("SENDER_ID_MISMATCH")), rejected, 1)]
#[case::api_switched_off(FcmServer::refusal(403, "PERMISSION_DENIED", None), unavailable, 1)]
#[case::third_party(FcmServer::refusal(401, "UNAUTHENTICATED", Some("THIRD_PARTY_AUTH_ERROR")), rejected, 1)]
#[case::quota(FcmServer::refusal(429, "RESOURCE_EXHAUSTED", Some("QUOTA_EXCEEDED")), throttled, 3)]
#[case::unavailable(FcmServer::refusal(503, "UNAVAILABLE", Some("UNAVAILABLE")), unavailable, 3)]
#[case::internal(FcmServer::refusal(500, "INTERNAL", Some("INTERNAL")), unavailable, 1)]
#[case::too_large(Told::new(413, "{}"), rejected, 1)]
#[case::taken_without_a_name(Told::new(200, "{}"), unavailable, 1)]
#[case::taken_in_html(Told::new(200, "<!DOCTYPE html>"), unavailable, 1)]
#[tokio::test]
async fn a_code_is_told_for_what_it_is(
    #[case] answer: Told,
    #[case] is_expected: fn(&NotifyError) -> bool,
    #[case] messages: usize,
) {
    let server = FcmServer::start().await;
    server.answer_next(vec![answer; 3]);
    let error = send(&fcm(&server, Policy::default()).0, Platform::Android).await.unwrap_err();
    assert!(is_expected(&error), "{error:?}");
    assert_eq!(server.server.received().len() - server.granted().len(), messages);
    assert_eq!(server.granted().len(), 1);
}

#[tokio::test]
async fn a_code_that_is_none_is_not_repeated() {
    let server = FcmServer::start().await;
    server.answer_next([FcmServer::refusal(400, ANDROID_TOKEN, Some("fcm 042917"))]);
    let error = send(&fcm(&server, Policy::default()).0, Platform::Android).await.unwrap_err();
    assert!(rejected(&error), "{error:?}");
    assert!(shown(&error).contains("it answered 400"));
}
