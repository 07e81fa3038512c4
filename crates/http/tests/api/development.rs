use std::sync::Arc;

use actix_web::test::TestRequest;
use insta::assert_snapshot;
use muster_http::{Development, Outbox, OutboxMessage};
use muster_testkit::{Answer, FixedClock};
use serde_json::{Value, json};

use crate::world::World;

struct TwoMessages;

impl Outbox for TwoMessages {
    fn messages(&self) -> Vec<OutboxMessage> {
        let message = |id: &str, subject: Option<&str>| OutboxMessage {
            id: id.to_owned(),
            channel: if subject.is_some() { "email" } else { "sms" }.to_owned(),
            to: "somebody".to_owned(),
            subject: subject.map(str::to_owned),
            body: "042917".to_owned(),
            at: FixedClock::START,
        };
        vec![message("2", None), message("1", Some("Your code"))]
    }
}

fn login(body: Value) -> TestRequest {
    TestRequest::post().uri("/dev/login").insert_header(("host", "127.0.0.1:8080")).set_json(body)
}

#[actix_web::test]
async fn anyone_on_record_signs_in_by_their_address() {
    let world = World::new().await;
    for name in ["grace@example.com", "GRACE@Example.com", "grace"] {
        let answer = world.call(login(json!({ "email": name }))).await;
        let token = answer.json()["accessToken"].as_str().unwrap().to_owned();
        let me = TestRequest::get().uri("/api/users/me").insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(world.call(me).await.json()["userName"], "grace", "{name}");
    }
}

#[actix_web::test]
async fn nobody_else_does() {
    let world = World::new().await;
    world.add(world.make.user("gone").deactivated()).await;
    assert_snapshot!(world.call(login(json!({ "email": "nobody@example.com" }))).await.show(), @r#"
    404
    content-type: application/problem+json

    {
      "detail": "nobody on record has this e-mail address; the demo has ada@example.com",
      "instance": "[request]",
      "status": 404,
      "title": "There is nothing here",
      "type": "urn:muster:problem:not-found"
    }
    "#);
    assert_eq!(world.call(login(json!({ "email": "gone@example.com" }))).await.status, 401);
    assert_eq!(world.call(login(json!({ "email": "" }))).await.fields(), ["email"]);
    assert_eq!(world.call(login(json!({ "email": "ada@example.com", "password": "x" }))).await.fields(), ["password"]);
}

#[actix_web::test]
async fn the_outbox_shows_what_was_captured() {
    let world = World::start(Answer::Capture, Some(Development { outbox: Arc::new(TwoMessages) })).await;
    let request = TestRequest::get().uri("/dev/outbox").insert_header(("host", "localhost:8080"));
    assert_snapshot!(world.call(request).await.show(), @r#"
    200
    content-type: application/json

    [
      {
        "at": "2026-11-22T12:00:00Z",
        "body": "042917",
        "channel": "sms",
        "id": "2",
        "to": "somebody"
      },
      {
        "at": "2026-11-22T12:00:00Z",
        "body": "042917",
        "channel": "email",
        "id": "1",
        "subject": "Your code",
        "to": "somebody"
      }
    ]
    "#);
}

#[actix_web::test]
async fn a_request_under_another_name_for_this_machine_is_not_answered() {
    let world = World::new().await;
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""] {
        let request = TestRequest::get().uri("/dev/outbox").insert_header(("host", host));
        assert_eq!(world.call(request).await.status, 404, "{host}");
    }
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.0.0.2:8080", "[::1]:8080", "[::1]"] {
        let request = TestRequest::get().uri("/dev/outbox").insert_header(("host", host));
        assert_eq!(world.call(request).await.status, 200, "{host}");
    }
}

#[actix_web::test]
async fn production_has_none_of_these_routes() {
    let world = World::production().await;
    assert_eq!(world.call(login(json!({ "email": "ada@example.com" }))).await.problem(), "not-found");
    let request = TestRequest::get().uri("/dev/outbox").insert_header(("host", "localhost"));
    assert_eq!(world.call(request).await.problem(), "not-found");
}
