//! What every answer has, and what is known of a request before any route looks at it.

use std::net::SocketAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use muster_http::EdgeSettings;
use serde_json::json;

use crate::world::{Exchange, World};

fn peer(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 50_000)
}

/// One answer of each kind: of a route, of an extractor, of the framework, in SCIM, and empty.
async fn some_answers(world: &World) -> Vec<Exchange> {
    let mut answers = Vec::new();
    for (method, path) in [
        (Method::GET, "/healthz"),
        (Method::GET, "/api/users/me"),
        (Method::GET, "/nowhere"),
        (Method::DELETE, "/api/users/me"),
        (Method::POST, "/api/mobile/refresh"),
        (Method::GET, "/scim/v2/Users"),
        (Method::OPTIONS, "/api/users"),
        (Method::HEAD, "/.well-known/jwks.json"),
    ] {
        answers.push(world.call(TestRequest::default().method(method).uri(path)).await);
    }
    answers.push(world.get(&world.ada, "/api/users/me").await);
    let gone = world.ask(&world.ada, Method::DELETE, "/api/mobile/token", json!({ "refreshToken": "x" })).await;
    answers.push(gone);
    answers
}

#[actix_web::test]
async fn every_answer_tells_browsers_to_do_nothing_with_it() {
    let world = World::new().await;
    for answer in some_answers(&world).await {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name} of {}", answer.text);
        }
        assert!(answer.header("cache-control").is_some() && answer.header("x-request-id").is_some());
        for absent in ["strict-transport-security", "server", "x-powered-by", "access-control-allow-origin", "vary"] {
            assert_eq!(answer.header(absent), None, "{absent} of {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn over_tls_every_answer_keeps_browsers_on_it() {
    let world = World::new().await.behind(EdgeSettings { over_tls: true, ..EdgeSettings::default() });
    for answer in some_answers(&world).await {
        let policy = answer.header("strict-transport-security");
        assert_eq!(policy, Some("max-age=31536000; includeSubDomains"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn a_well_formed_request_id_of_the_clients_goes_everywhere() {
    let world = World::new().await;
    let longest = "x".repeat(64);
    for id in ["a", "Web.7_b-9", longest.as_str()] {
        let request = world.request(
            &world.ada,
            Method::PATCH,
            &format!("/api/users/{}/role", world.grace.id),
            json!({ "role": "user" }),
        );
        let answer = world.call(request.insert_header(("x-request-id", id))).await;
        assert_eq!((answer.status, answer.header("x-request-id")), (200, Some(id)));
        let refusal = world.call(TestRequest::get().uri("/nowhere").insert_header(("x-request-id", id))).await;
        assert_eq!((refusal.header("x-request-id"), &refusal.json()["instance"]), (Some(id), &json!(id)));
    }
    let request = world.request(&world.grace, Method::POST, "/api/mobile/token", json!({}));
    assert_eq!(world.call(request.insert_header(("x-request-id", "trace-me"))).await.status, 201);
    assert_eq!(world.last_event().origin.request_id.as_deref(), Some("trace-me"));
}

#[actix_web::test]
async fn any_other_request_id_is_replaced_by_one_of_ours() {
    let world = World::new().await;
    let too_long = "x".repeat(65);
    for id in ["", " ", "a b", "a\"b", "ä", "a/b", "a\tb", too_long.as_str()] {
        let request = TestRequest::get().uri("/healthz").insert_header(("x-request-id", id.as_bytes()));
        let answer = world.call(request).await;
        let given = answer.header("x-request-id").unwrap();
        let uuid = uuid::Uuid::parse_str(given).unwrap();
        assert_eq!(uuid.get_version_num(), 7, "{id:?}");
    }
}

/// The address that the audit trail has of a session that was opened.
async fn recorded(world: &World, from: &str, headers: &[(&str, &str)]) -> String {
    let mut request = world.request(&world.grace, Method::POST, "/api/mobile/token", json!({})).peer_addr(peer(from));
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    assert_eq!(world.call(request).await.status, 201);
    world.last_event().origin.ip.unwrap().to_string()
}

#[actix_web::test]
async fn a_clients_address_is_what_trusted_proxies_say_and_nobody_elses_word() {
    let networks = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::1/128".parse().unwrap()];
    let settings = EdgeSettings { trusted_proxies: networks, ..EdgeSettings::default() };
    let world = World::new().await.behind(settings);
    for (from, headers, expected) in [
        ("10.0.0.1", [("x-forwarded-for", "198.51.100.7")].as_slice(), "198.51.100.7"),
        ("2001:db8::1", &[("x-forwarded-for", "8.8.8.8, 198.51.100.7, 10.2.2.2")], "198.51.100.7"),
        ("10.0.0.1", &[("x-forwarded-for", "8.8.8.8"), ("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        ("10.0.0.1", &[("forwarded", "for=\"[2a00::5]:443\";proto=https")], "2a00::5"),
        ("::ffff:10.0.0.1", &[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        ("10.0.0.1", &[("x-forwarded-for", "8.8.8.8, nonsense")], "10.0.0.1"),
        ("10.0.0.1", &[("x-real-ip", "8.8.8.8")], "10.0.0.1"),
        ("203.0.113.5", &[("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=8.8.4.4")], "203.0.113.5"),
        ("2001:db8::2", &[("x-forwarded-for", "8.8.8.8")], "2001:db8::2"),
    ] {
        assert_eq!(recorded(&world, from, headers).await, expected, "{from} {headers:?}");
    }
}

#[actix_web::test]
async fn without_trusted_proxies_nobody_is_believed() {
    let world = World::new().await;
    for from in ["127.0.0.1", "10.0.0.1", "203.0.113.5"] {
        let headers = [("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=8.8.8.8")];
        assert_eq!(recorded(&world, from, &headers).await, from);
    }
}

#[actix_web::test]
async fn a_server_that_has_enough_to_do_sheds_what_comes_but_not_those_who_watch_it() {
    let world = World::new().await.behind(EdgeSettings { max_requests: 0, ..EdgeSettings::default() });
    let before = world.store.audit_trail().len();
    for (method, path) in
        [(Method::GET, "/api/users/me"), (Method::POST, "/api/mobile/token"), (Method::GET, "/nowhere")]
    {
        let answer = world.ask(&world.grace, method, path, json!({})).await;
        assert_eq!((answer.status, answer.problem().as_str()), (503, "overloaded"), "{path}");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(world.store.audit_trail().len(), before, "nothing was done");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(world.call(TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
}
