//! Which pages may call from a browser.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use muster_http::EdgeSettings;
use serde_json::Value;

use crate::world::{Exchange, World};

const OURS: &str = "https://oncall.example.com";

async fn world() -> World {
    let cors_origins = vec![OURS.to_owned(), "http://localhost:5173".to_owned()];
    World::new().await.behind(EdgeSettings { cors_origins, ..EdgeSettings::default() })
}

fn preflight(origin: &str, method: &str, headers: &str) -> TestRequest {
    TestRequest::default()
        .method(Method::OPTIONS)
        .uri("/api/notifications/preferences")
        .insert_header(("origin", origin))
        .insert_header(("access-control-request-method", method))
        .insert_header(("access-control-request-headers", headers))
}

fn list(answer: &Exchange, name: &str) -> Vec<String> {
    let mut names: Vec<_> = answer.header(name).unwrap().split(',').map(|n| n.trim().to_lowercase()).collect();
    names.sort();
    names
}

fn says_nothing_of_cors(answer: &Exchange) -> bool {
    answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-"))
}

#[actix_web::test]
async fn a_preflight_of_a_known_origin_is_answered_without_a_credential() {
    let world = world().await;
    for origin in [OURS, "http://localhost:5173"] {
        let answer = world.call(preflight(origin, "PUT", "authorization, content-type, if-match, x-request-id")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(list(&answer, "access-control-allow-methods"), ["delete", "get", "head", "patch", "post", "put"]);
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("access-control-max-age"), Some("3600"));
        assert!(answer.header("vary").unwrap().contains("Origin"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[actix_web::test]
async fn every_method_that_a_route_takes_passes_a_preflight() {
    let world = world().await;
    for (method, _) in muster_http::table(true) {
        assert_eq!(world.call(preflight(OURS, method.as_str(), "authorization")).await.status, 200, "{method}");
    }
}

#[actix_web::test]
async fn other_origins_methods_and_headers_are_refused() {
    let world = world().await;
    for (origin, method, headers) in [
        ("https://evil.example.com", "GET", "authorization"),
        ("https://oncall.example.com.evil.example", "GET", "authorization"),
        ("http://oncall.example.com", "GET", "authorization"),
        ("https://oncall.example.com:8443", "GET", "authorization"),
        ("null", "GET", "authorization"),
        (OURS, "TRACE", "authorization"),
        (OURS, "GET", "x-forwarded-for"),
    ] {
        let answer = world.call(preflight(origin, method, headers)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"), "{origin} {method}");
        assert!(says_nothing_of_cors(&answer), "{origin} {method} {headers}: {:?}", answer.headers);
    }
}

#[actix_web::test]
async fn answers_to_a_known_origin_can_be_read_and_so_can_problems() {
    let world = world().await;
    let request = world.request(&world.grace, Method::GET, "/api/notifications/preferences", Value::Null);
    let answer = world.call(request.insert_header(("origin", OURS))).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(OURS)));
    assert_eq!(list(&answer, "access-control-expose-headers"), ["etag", "link", "retry-after", "x-request-id"]);
    for path in ["/api/users/me", "/nowhere", "/scim/v2/Users"] {
        let answer = world.call(TestRequest::get().uri(path).insert_header(("origin", OURS))).await;
        assert!(answer.status >= 400 && answer.header("content-type").unwrap().ends_with("+json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some(OURS), "{path}");
        assert_eq!(list(&answer, "access-control-expose-headers").len(), 4, "{path}");
        assert!(answer.header("vary").unwrap().contains("Origin"), "{path}");
    }
}

#[actix_web::test]
async fn other_origins_are_answered_without_a_word_of_cors() {
    let world = world().await;
    let request = world.request(&world.grace, Method::GET, "/api/users/me", Value::Null);
    let answer = world.call(request.insert_header(("origin", "https://evil.example.com"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn where_no_origin_is_listed_there_is_no_cors() {
    let world = World::new().await;
    let answer = world.call(preflight(OURS, "GET", "authorization")).await;
    assert_eq!((answer.status, answer.problem().as_str()), (405, "method-not-allowed"));
    assert!(says_nothing_of_cors(&answer));
    let request = world.request(&world.grace, Method::GET, "/api/users/me", Value::Null);
    assert!(says_nothing_of_cors(&world.call(request.insert_header(("origin", OURS))).await));
}

#[actix_web::test]
async fn in_development_pages_of_this_machine_may_call_whatever_their_port() {
    let world = World::new().await.behind(EdgeSettings { cors_loopback: true, ..EdgeSettings::default() });
    for origin in ["http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:8080", "https://localhost"] {
        let answer = world.call(preflight(origin, "PUT", "authorization")).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(origin)), "{origin}");
    }
    for origin in
        ["http://localhost.evil.example", "http://evil.example:5173", "null", "file://", "http://localhost:80@x"]
    {
        let answer = world.call(preflight(origin, "PUT", "authorization")).await;
        assert_eq!(answer.status, 400, "{origin}");
        assert!(says_nothing_of_cors(&answer), "{origin}");
    }
}
