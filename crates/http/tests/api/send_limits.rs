use actix_web::test::TestRequest;
use insta::assert_snapshot;
use muster_domain::verification::{Allowance, ChannelSet, Method, SendLimits, SmsPrefixes};
use serde_json::json;
use time::Duration;

use crate::world::{Exchange, World};

const SEND: &str = "/api/notifications/verification/send";

fn few(hour: u32) -> Allowance {
    Allowance { hour, day: 100 }
}

async fn send(world: &World, method: &str) -> Exchange {
    world.post(&world.grace, SEND, json!({ "method": method })).await
}

#[actix_web::test]
async fn each_quota_has_a_problem_of_its_own_and_says_when_to_try_again() {
    let everyday = SendLimits::default();
    for (limits, problem, reason) in [
        (SendLimits { per_user: few(1), ..everyday.clone() }, "user-quota", "userQuota"),
        (SendLimits { per_destination: few(1), ..everyday.clone() }, "destination-quota", "destinationQuota"),
        (SendLimits { installation: few(1), ..everyday.clone() }, "installation-quota", "installationQuota"),
    ] {
        let world = World::with_limits(ChannelSet::ALL, limits).await;
        assert_eq!(send(&world, "sms").await.status, 200);
        world.make.clock.advance(Duration::minutes(20));
        let before = world.store.audit_trail().len();
        let refused = send(&world, "sms").await;
        assert_eq!((refused.status, refused.problem().as_str()), (429, problem), "{}", refused.text);
        assert_eq!(refused.header("retry-after"), Some("2400"), "{problem}");
        assert_eq!(world.actions_since(before), ["contact.verification.refused"], "{problem}");
        assert_eq!(world.last_event().details, json!({ "method": "sms", "reason": reason }));
        world.make.clock.advance(Duration::minutes(40));
        assert_eq!(send(&world, "sms").await.status, 200, "{problem}");
    }
}

#[actix_web::test]
async fn a_used_up_quota_looks_like_this() {
    let limits = SendLimits { per_user: few(0), ..SendLimits::default() };
    let world = World::with_limits(ChannelSet::ALL, limits).await;
    assert_snapshot!(send(&world, "email").await.show(), @r#"
    429
    content-type: application/problem+json
    retry-after: 3600

    {
      "detail": "wait, then ask for a new code",
      "instance": "[request]",
      "status": 429,
      "title": "Too many codes were sent to this person",
      "type": "urn:muster:problem:user-quota"
    }
    "#);
}

#[actix_web::test]
async fn a_country_that_is_not_allowed_gets_no_text_messages() {
    let limits = SendLimits { sms_prefixes: SmsPrefixes::only(["+44"]).unwrap(), ..SendLimits::default() };
    let world = World::with_limits(ChannelSet::ALL, limits).await;
    assert_snapshot!(send(&world, "sms").await.show(), @r#"
    409
    content-type: application/problem+json

    {
      "detail": "ask whoever runs this server whether it should send there",
      "instance": "[request]",
      "status": 409,
      "title": "Text messages do not go to that country",
      "type": "urn:muster:problem:destination-not-allowed"
    }
    "#);
    assert_eq!(world.last_event().details["reason"], "destinationNotAllowed");
    assert!(world.sender.sent().is_empty());
    assert_eq!(send(&world, "email").await.status, 200);
}

#[actix_web::test]
async fn the_wait_grows_with_every_code_that_nobody_types_in() {
    let world = World::production().await;
    for minutes in [1, 1, 2, 4] {
        assert_eq!(send(&world, "email").await.status, 200);
        let refused = send(&world, "email").await;
        assert_eq!((refused.status, refused.problem().as_str()), (429, "too-soon"));
        assert_eq!(refused.header("retry-after"), Some((minutes * 60).to_string().as_str()));
        world.make.clock.advance(Duration::minutes(minutes));
    }
    let proven = world.prove(&world.grace, "email").await;
    assert_eq!(proven.status, 200, "{}", proven.text);
    world.make.clock.advance(Duration::minutes(8));
    assert_eq!(send(&world, "email").await.status, 200);
    assert_eq!(send(&world, "email").await.header("retry-after"), Some("60"));
}

#[actix_web::test]
async fn a_channel_that_is_off_is_not_asked_for_and_not_needed() {
    let channels = ChannelSet::of([Method::Email]).unwrap();
    let world = World::with_limits(channels, SendLimits::default()).await;
    assert_snapshot!(send(&world, "sms").await.show(), @r#"
    409
    content-type: application/problem+json

    {
      "detail": "nobody is asked to prove sms here",
      "instance": "[request]",
      "status": 409,
      "title": "The channel is switched off",
      "type": "urn:muster:problem:channel-off"
    }
    "#);

    let status = || async { world.get(&world.grace, "/api/notifications/verification/status").await.json() };
    assert_eq!(status().await["missing"], json!(["email"]));
    let proven = world.prove(&world.grace, "email").await.json();
    assert_eq!(proven["canBeOnCall"], true);
    let now = status().await;
    assert_eq!((&now["missing"], &now["allVerified"]), (&json!([]), &json!(true)));
    assert_eq!(world.get(&world.grace, "/api/users/me").await.json()["verification"]["canBeOnCall"], true);
    let able = world.get(&world.ada, "/api/users?canBeOnCall=true").await.json();
    assert_eq!(able["items"][0]["userName"], "grace");
    assert_eq!(able["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn critical_alerts_need_a_channel_that_is_on() {
    let world = World::with_limits(ChannelSet::of([Method::Email]).unwrap(), SendLimits::default()).await;
    let path = "/api/notifications/preferences";
    let mut document = world.get(&world.grace, path).await.json();
    document["rules"]["critical"] = json!([{ "channel": "sms", "afterMinutes": 0 }]);
    let refused = world.ask(&world.grace, actix_web::http::Method::PUT, path, document).await;
    assert_eq!(refused.fields(), ["rules.critical"]);
}

#[actix_web::test]
async fn a_flood_of_requests_is_no_flood_of_records() {
    let world = World::production().await;
    assert_eq!(send(&world, "email").await.status, 200);
    let before = world.store.audit_trail().len();
    for _ in 0..50 {
        assert_eq!(send(&world, "email").await.problem(), "too-soon");
    }
    assert_eq!(world.actions_since(before), ["contact.verification.refused"]);
}

#[actix_web::test]
async fn metrics_are_plain_text_for_prometheus() {
    let answer = World::production().await.call(TestRequest::get().uri("/metrics")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    assert!(answer.text.contains("muster_notify_circuit_open{provider=\"ses\"} 1"), "{}", answer.text);
}
