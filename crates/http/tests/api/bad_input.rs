use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::World;

const SEND: &str = "/api/notifications/verification/send";

/// A send of Grace's with these bytes as its body.
fn raw(world: &World, content_type: &str, body: impl Into<Vec<u8>>) -> TestRequest {
    world
        .request(&world.grace, Method::POST, SEND, Value::Null)
        .insert_header(("content-type", content_type))
        .set_payload(body.into())
}

#[actix_web::test]
async fn an_unknown_route_is_a_problem() {
    let world = World::new().await;
    assert_snapshot!(world.call(TestRequest::get().uri("/api/nothing")).await.show(), @r#"
    404
    content-type: application/problem+json

    {
      "detail": "no resource has this path",
      "instance": "[request]",
      "status": 404,
      "title": "There is nothing here",
      "type": "urn:muster:problem:not-found"
    }
    "#);
}

#[actix_web::test]
async fn a_wrong_method_says_which_are_right() {
    let world = World::new().await;
    assert_snapshot!(world.call(TestRequest::post().uri("/api/notifications/preferences")).await.show(), @r#"
    405
    content-type: application/problem+json
    allow: GET, HEAD, PUT

    {
      "detail": "the Allow header names the methods that the resource takes",
      "instance": "[request]",
      "status": 405,
      "title": "The resource does not take this method",
      "type": "urn:muster:problem:method-not-allowed"
    }
    "#);
    let answer = world.call(TestRequest::get().uri("/api/mobile/token")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, DELETE")));
}

#[actix_web::test]
async fn a_body_that_is_not_json_says_where() {
    let world = World::new().await;
    assert_snapshot!(world.call(raw(&world, "application/json", "{\"method\": sms}")).await.show(), @r#"
    400
    content-type: application/problem+json

    {
      "detail": "the body is not JSON in UTF-8: line 1, column 12",
      "instance": "[request]",
      "status": 400,
      "title": "The request cannot be read",
      "type": "urn:muster:problem:malformed-request"
    }
    "#);
    for body in [&b""[..], b"{", b"[1, 2", b"\xff\xfe", b"{\"method\":\"\xc3\x28\"}", b"{\"method\":\"sms\"} x"] {
        let answer = world.call(raw(&world, "application/json", body)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"), "{body:?}");
    }
}

#[actix_web::test]
async fn json_of_the_wrong_shape_names_the_body() {
    let world = World::new().await;
    for body in ["[]", "null", "7", "\"sms\""] {
        let answer = world.call(raw(&world, "application/json", body)).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(!answer.fields().is_empty());
    }
    let twice = raw(&world, "application/json", r#"{"method":"sms","method":"email"}"#);
    assert_eq!(world.call(twice).await.fields(), ["method"]);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(world.call(raw(&world, "application/json", format!("{{\"method\":{deep}}}"))).await.status / 100, 4);
}

#[actix_web::test]
async fn a_body_must_say_that_it_is_json() {
    let world = World::new().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"] {
        let answer = world.call(raw(&world, content_type, r#"{"method":"sms"}"#)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (415, "unsupported-media-type"), "{content_type}");
    }
    let answer = world.call(raw(&world, "application/json; charset=utf-8", r#"{"method":"sms"}"#)).await;
    assert_eq!(answer.status, 200);
}

#[actix_web::test]
async fn a_body_past_64_kib_is_413() {
    let world = World::new().await;
    let padded = |bytes: usize| format!("{{\"method\":\"email\"{}}}", " ".repeat(bytes - 18));
    let answer = world.call(raw(&world, "application/json", padded(64 * 1024 + 1))).await;
    assert_snapshot!(answer.show(), @r#"
    413
    content-type: application/problem+json

    {
      "detail": "a body may have at most 65536 bytes",
      "instance": "[request]",
      "status": 413,
      "title": "The body is too large",
      "type": "urn:muster:problem:payload-too-large"
    }
    "#);
    assert_eq!(world.call(raw(&world, "application/json", padded(64 * 1024))).await.status, 200);
}

#[actix_web::test]
async fn malformed_ids_and_cursors_name_their_field() {
    let world = World::new().await;
    for (method, path, field) in [
        (Method::GET, "/api/users/7", "id"),
        (Method::GET, "/api/users/%00", "id"),
        (Method::GET, "/api/users/%FF", "id"),
        (Method::DELETE, "/api/notifications/devices/x", "id"),
        (Method::DELETE, "/api/mobile/tokens/x", "id"),
        (Method::GET, "/api/users?cursor=x", "cursor"),
        (Method::GET, "/api/users?cursor=", "cursor"),
        (Method::GET, "/api/users?cursor=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh", "cursor"),
        (Method::GET, "/api/users?cursor=dUdSQUNF", "cursor"),
        (Method::GET, "/api/audit?cursor=dWdyYWNl", "cursor"),
        (Method::GET, "/api/audit?cursor=YX__________AAAAAAAAAAAAAAAAAAAAAAA", "cursor"),
        (Method::GET, "/api/users?limit=0", "limit"),
        (Method::GET, "/api/users?limit=201", "limit"),
        (Method::GET, "/api/users?limit=-1", "limit"),
        (Method::GET, "/api/users?limit=many", "limit"),
        (Method::GET, "/api/users?active=maybe", "active"),
        (Method::GET, "/api/users?role=owner", "role"),
        (Method::GET, "/api/users?teamId=7", "teamId"),
        (Method::GET, "/api/users?q=", "q"),
        (Method::GET, "/api/users?q=a%00b", "q"),
        (Method::GET, "/api/users?canbeoncall=true", "canbeoncall"),
        (Method::GET, "/api/users?role=user&role=admin", "role"),
        (Method::GET, "/api/audit?from=yesterday", "from"),
        (Method::GET, "/api/audit?userId=me", "userId"),
    ] {
        let answer = world.ask(&world.ada, method, path, Value::Null).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{path}");
    }
    let long = format!("/api/users?q={}", "x".repeat(201));
    assert_eq!(world.get(&world.ada, &long).await.fields(), ["q"]);
}

#[actix_web::test]
async fn what_a_problem_says_of_a_value_is_short() {
    let world = World::new().await;
    let answer = world.post(&world.grace, SEND, json!({ "method": "x".repeat(10_000) })).await;
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
    let answer = world.post(&world.grace, SEND, json!({ "x".repeat(10_000): 1 })).await;
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
}
