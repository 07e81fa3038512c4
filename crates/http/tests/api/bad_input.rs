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
    for body in [&b""[..], b"{", b"\xff\xfe", b"{\"method\":\"\xc3\x28\"}", b"{\"method\":\"sms\"} x"] {
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
        (Method::GET, "/api/users?q=%ff", "q"),
        (Method::GET, "/api/users/urn:uuid:01900000-0000-7000-8000-000000000000", "id"),
        (Method::GET, "/api/users/01900000000070008000000000000000", "id"),
        (Method::GET, "/api/audit?from=yesterday", "from"),
        (Method::GET, "/api/audit?from=9999-12-31T23:59:59-23:59", "from"),
        (Method::GET, "/api/audit?to=0000-01-01T00:00:00Z", "to"),
        (Method::GET, "/api/audit?cursor=Yf__________AAAAAAAAAAAAAAAAAAAAAAA", "cursor"),
        (Method::GET, "/api/audit?userId=me", "userId"),
    ] {
        let answer = world.ask(&world.ada, method, path, Value::Null).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{path}");
    }
    let long = format!("/api/users?q={}", "x".repeat(201));
    assert_eq!(world.get(&world.ada, &long).await.fields(), ["q"]);
}

/// A code or a token in the wrong place must not come back in a problem, from where it may reach a log.
#[actix_web::test]
async fn a_problem_never_repeats_what_was_sent() {
    let world = World::new().await;
    for (path, body) in [
        ("/api/mobile/refresh", json!("mst_rt_secret")),
        ("/api/mobile/refresh", json!({ "refreshToken": "mst_rt_secret" })),
        ("/api/mobile/refresh", json!({ "refreshToken": { "mst_rt_secret": 1 } })),
        ("/api/mobile/refresh", json!({ "mst_rt_secret": 1 })),
        ("/api/mobile/token", json!({ "deviceId": "mst_rt_secret" })),
        (SEND, json!({ "method": "mst_rt_secret" })),
        ("/api/notifications/devices", json!({ "platform": "ios", "token": ["mst_rt_secret"] })),
        ("/api/notifications/verification/verify", json!({ "method": "sms", "code": "mst_rt_secret" })),
        ("/dev/login", json!({ "email": 7, "mst_rt_secret": "" })),
    ] {
        let request = world.request(&world.grace, Method::POST, path, body.clone());
        let answer = world.call(request.insert_header(("host", "localhost"))).await;
        assert_eq!(answer.problem(), "validation-failed", "{path} {body}");
        assert!(!answer.text.contains("mst_rt_secret"), "{}", answer.text);
    }
    let number =
        world.post(&world.grace, "/api/notifications/verification/verify", json!({ "method": "sms", "code": 42917 }));
    assert!(!number.await.text.contains("42917"));
}

#[actix_web::test]
async fn arrays_do_not_stand_in_for_objects() {
    let world = World::new().await;
    let login = TestRequest::post().uri("/dev/login").insert_header(("host", "localhost"));
    assert_eq!(world.call(login.set_json(json!(["ada@example.com"]))).await.fields(), ["body"]);
    assert_eq!(world.post(&world.grace, SEND, json!({ "method": { "sms": null } })).await.fields(), ["method"]);
    let mut document = world.get(&world.grace, "/api/notifications/preferences").await.json();
    document["rules"]["high"] = json!([["push", 0]]);
    let answer = world.ask(&world.grace, Method::PUT, "/api/notifications/preferences", document).await;
    assert_eq!(answer.fields(), ["body"]);
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_is_told_only_to_those_who_may_make_it() {
    let world = World::new().await;
    let gone = world.add(world.make.user("gone").deactivated()).await;
    for path in ["/api/users/nope", "/api/users?limit=0", "/api/audit?from=nope", "/api/audit/export?from=nope"] {
        assert_eq!(world.get(&world.grace, path).await.problem(), "forbidden", "{path}");
        assert_eq!(world.get(&gone, path).await.problem(), "unauthenticated", "{path}");
    }
    let role = world.ask(&world.grace, Method::PATCH, "/api/users/nope/role", json!({ "role": 7 })).await;
    assert_eq!(role.problem(), "forbidden");
    assert_eq!(world.post(&gone, SEND, json!({ "method": 7 })).await.problem(), "unauthenticated");
}

#[actix_web::test]
async fn what_a_problem_says_of_a_value_is_short() {
    let world = World::new().await;
    let answer = world.post(&world.grace, SEND, json!({ "method": "x".repeat(10_000) })).await;
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
    let answer = world.post(&world.grace, SEND, json!({ "x".repeat(10_000): 1 })).await;
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
}
