use actix_web::http::Method;
use insta::assert_snapshot;
use muster_testkit::Answer;
use serde_json::{Value, json};
use time::Duration;

use crate::world::World;

const SEND: &str = "/api/notifications/verification/send";
const VERIFY: &str = "/api/notifications/verification/verify";
const STATUS: &str = "/api/notifications/verification/status";

#[actix_web::test]
async fn nothing_is_proven_at_first() {
    let world = World::new().await;
    assert_snapshot!(world.get(&world.grace, STATUS).await.show(), @r#"
    200
    content-type: application/json

    {
      "allVerified": false,
      "canBeOnCall": false,
      "email": {
        "destination": "gr***@example.com",
        "pending": null,
        "verified": false,
        "verifiedAt": null
      },
      "missing": [
        "email",
        "sms",
        "push"
      ],
      "push": {
        "destination": null,
        "deviceCount": 0,
        "pending": null,
        "reason": null,
        "since": null,
        "verified": false,
        "verifiedAt": null
      },
      "sms": {
        "destination": "***0100",
        "pending": null,
        "verified": false,
        "verifiedAt": null
      }
    }
    "#);
}

#[actix_web::test]
async fn a_send_in_development_shows_the_captured_code() {
    let world = World::new().await;
    let answer = world.post(&world.grace, SEND, json!({ "method": "sms" })).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "code": "503501",
      "destination": "***0100",
      "expiresAt": "2026-11-22T12:15:00Z",
      "id": "01a20320-a200-7539-a115-ef0f2178c1a2",
      "method": "sms",
      "sendSuccess": true
    }
    "#);
    assert_snapshot!(world.get(&world.grace, STATUS).await.json()["sms"].to_string(), @r#"{"destination":"***0100","pending":{"attemptsLeft":5,"expiresAt":"2026-11-22T12:15:00Z","resendAfter":"2026-11-22T12:01:00Z"},"verified":false,"verifiedAt":null}"#);
}

#[actix_web::test]
async fn a_send_in_production_never_shows_the_code() {
    let world = World::production().await;
    let answer = world.post(&world.grace, SEND, json!({ "method": "email" })).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "destination": "gr***@example.com",
      "expiresAt": "2026-11-22T12:15:00Z",
      "id": "01a20320-a200-7539-a115-ef0f2178c1a2",
      "method": "email",
      "sendSuccess": true
    }
    "#);
    let code = world.sender.last_code().unwrap();
    assert!(!answer.text.contains(code.expose()));
}

#[actix_web::test]
async fn a_sender_that_claims_to_capture_shows_no_code_in_production() {
    let world = World::start(Answer::Capture, None).await;
    let answer = world.post(&world.grace, SEND, json!({ "method": "email" })).await;
    assert_eq!((answer.status, answer.json().get("code")), (200, None));
}

#[actix_web::test]
async fn all_three_proofs_put_a_person_on_call() {
    let world = World::new().await;
    let device = json!({ "platform": "ios", "token": "apns-token", "name": "Grace's phone" });
    assert_eq!(world.post(&world.grace, "/api/notifications/devices", device).await.status, 201);
    let before = world.store.audit_trail().len();
    assert_eq!(world.prove(&world.grace, "email").await.json()["canBeOnCall"], false);
    assert_eq!(world.prove(&world.grace, "sms").await.json()["canBeOnCall"], false);
    assert_snapshot!(world.prove(&world.grace, "push").await.show(), @r#"
    200
    content-type: application/json

    {
      "canBeOnCall": true,
      "method": "push",
      "verified": true,
      "verifiedAt": "2026-11-22T12:00:00Z"
    }
    "#);
    assert_snapshot!(world.get(&world.grace, STATUS).await.show(), @r#"
    200
    content-type: application/json

    {
      "allVerified": true,
      "canBeOnCall": true,
      "email": {
        "destination": "gr***@example.com",
        "pending": null,
        "verified": true,
        "verifiedAt": "2026-11-22T12:00:00Z"
      },
      "missing": [],
      "push": {
        "destination": "ios",
        "deviceCount": 1,
        "pending": null,
        "reason": null,
        "since": null,
        "verified": true,
        "verifiedAt": "2026-11-22T12:00:00Z"
      },
      "sms": {
        "destination": "***0100",
        "pending": null,
        "verified": true,
        "verifiedAt": "2026-11-22T12:00:00Z"
      }
    }
    "#);
    let three = ["contact.verification.opened", "contact.verification.sent", "contact.verification.completed"];
    assert_eq!(world.actions_since(before), three.repeat(3));
    let found = world.get(&world.ada, "/api/users?canBeOnCall=true").await.json();
    assert_eq!(found["items"][0]["userName"], "grace");
}

#[actix_web::test]
async fn a_second_send_within_a_minute_is_throttled() {
    let world = World::new().await;
    world.post(&world.grace, SEND, json!({ "method": "sms" })).await;
    world.make.clock.advance(Duration::milliseconds(20_500));
    let answer = world.post(&world.grace, SEND, json!({ "method": "sms" })).await;
    assert_snapshot!(answer.show(), @r#"
    429
    content-type: application/problem+json
    retry-after: 40

    {
      "detail": "wait, then ask for a new code",
      "instance": "[request]",
      "status": 429,
      "title": "A code was sent too recently",
      "type": "urn:muster:problem:too-soon"
    }
    "#);
    assert_eq!(world.post(&world.grace, SEND, json!({ "method": "email" })).await.status, 200);
    world.make.clock.advance(Duration::milliseconds(39_500));
    assert_eq!(world.post(&world.grace, SEND, json!({ "method": "sms" })).await.status, 200);
}

#[actix_web::test]
async fn a_failed_delivery_is_200_and_says_so() {
    let world = World::production().await;
    for answer in [Answer::Reject, Answer::Throttle, Answer::Unavailable, Answer::TimeOut] {
        world.make.clock.advance(Duration::minutes(2));
        world.sender.answer_with(answer);
        let sent = world.post(&world.grace, SEND, json!({ "method": "sms" })).await;
        assert_eq!((sent.status, &sent.json()["sendSuccess"]), (200, &Value::Bool(false)), "{answer:?}");
        let event = world.last_event();
        assert_eq!(event.action, "contact.verification.sent");
        assert_eq!(event.details["sendSuccess"], false);
    }
}

#[actix_web::test]
async fn without_a_destination_there_is_nowhere_to_send() {
    let world = World::new().await;
    let bare = world.add(world.make.user("bare").email(None).phone(None)).await;
    assert_snapshot!(world.post(&bare, SEND, json!({ "method": "sms" })).await.show(), @r#"
    409
    content-type: application/problem+json

    {
      "detail": "there is nowhere to send a code by sms",
      "instance": "[request]",
      "status": 409,
      "title": "There is no destination on file",
      "type": "urn:muster:problem:no-destination"
    }
    "#);
    for method in ["email", "push"] {
        let answer = world.post(&bare, SEND, json!({ "method": method })).await;
        assert_eq!((answer.status, answer.problem().as_str()), (409, "no-destination"), "{method}");
    }
}

#[actix_web::test]
async fn wrong_codes_are_counted_and_the_sixth_is_throttled() {
    let world = World::new().await;
    let sent = world.post(&world.grace, SEND, json!({ "method": "sms" })).await.json();
    let right = sent["code"].as_str().unwrap().to_owned();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let first = world.post(&world.grace, VERIFY, json!({ "method": "sms", "code": wrong })).await;
    assert_snapshot!(first.show(), @r#"
    422
    content-type: application/problem+json

    {
      "attemptsLeft": 4,
      "detail": "check the code, or ask for a new one",
      "instance": "[request]",
      "status": 422,
      "title": "The code is invalid or has expired",
      "type": "urn:muster:problem:invalid-or-expired-code"
    }
    "#);
    for left in (0..4).rev() {
        let answer = world.post(&world.grace, VERIFY, json!({ "method": "sms", "code": wrong })).await;
        assert_eq!((answer.status, &answer.json()["attemptsLeft"]), (422, &json!(left)));
    }
    let sixth = world.post(&world.grace, VERIFY, json!({ "method": "sms", "code": right })).await;
    assert_snapshot!(sixth.show(), @r#"
    429
    content-type: application/problem+json
    retry-after: 60

    {
      "detail": "this code is dead; ask for a new one",
      "instance": "[request]",
      "status": 429,
      "title": "Too many wrong codes",
      "type": "urn:muster:problem:too-many-attempts"
    }
    "#);
}

#[actix_web::test]
async fn used_expired_and_unknown_codes_are_one_problem() {
    let world = World::new().await;
    let unknown = world.post(&world.grace, VERIFY, json!({ "method": "email", "code": "123456" })).await;
    world.prove(&world.grace, "sms").await;
    let code = world.sender.last_code().unwrap();
    let used = world.post(&world.grace, VERIFY, json!({ "method": "sms", "code": code.expose() })).await;
    world.make.clock.advance(Duration::minutes(2));
    world.post(&world.grace, SEND, json!({ "method": "sms" })).await;
    world.make.clock.advance(Duration::minutes(15));
    let code = world.sender.last_code().unwrap();
    let expired = world.post(&world.grace, VERIFY, json!({ "method": "sms", "code": code.expose() })).await;
    assert_snapshot!(unknown.show(), @r#"
    422
    content-type: application/problem+json

    {
      "detail": "check the code, or ask for a new one",
      "instance": "[request]",
      "status": 422,
      "title": "The code is invalid or has expired",
      "type": "urn:muster:problem:invalid-or-expired-code"
    }
    "#);
    assert_eq!(unknown.show(), used.show());
    assert_eq!(unknown.show(), expired.show());
}

#[actix_web::test]
async fn a_device_is_only_for_push_and_must_be_ones_own() {
    let world = World::new().await;
    let device = json!({ "platform": "ios", "token": "apns-token" });
    let id = world.post(&world.grace, "/api/notifications/devices", device).await.json()["id"].clone();
    let answer = world.post(&world.grace, SEND, json!({ "method": "sms", "deviceId": id })).await;
    assert_eq!((answer.status, answer.fields()), (422, vec!["deviceId".to_owned()]));
    let answer = world.post(&world.linus, SEND, json!({ "method": "push", "deviceId": id })).await;
    assert_eq!((answer.status, answer.fields()), (422, vec!["deviceId".to_owned()]));
    assert_eq!(world.post(&world.grace, SEND, json!({ "method": "push", "deviceId": id })).await.status, 200);
}

#[actix_web::test]
async fn malformed_requests_name_their_field() {
    let world = World::new().await;
    for (path, body, field) in [
        (SEND, json!({}), "method"),
        (SEND, json!({ "method": "fax" }), "method"),
        (SEND, json!({ "method": "sms", "to": "+15005550006" }), "to"),
        (SEND, json!({ "method": "push", "deviceId": "7" }), "deviceId"),
        (VERIFY, json!({ "method": "sms" }), "code"),
        (VERIFY, json!({ "method": "sms", "code": 123_456 }), "code"),
        (VERIFY, json!({ "method": "sms", "code": "12345" }), "code"),
        (VERIFY, json!({ "method": "sms", "code": "１２３４５６" }), "code"),
        (VERIFY, json!({ "method": "sms", "code": "12345\u{0}" }), "code"),
    ] {
        let answer = world.ask(&world.grace, Method::POST, path, body.clone()).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{body}");
    }
}
