//! How often one address may ask without a good credential.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use muster_http::EdgeSettings;
use serde_json::{Value, json};

use crate::world::{Exchange, World};

const MALLORY: &str = "198.51.100.7";
const NEVER_LIMITED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

fn settings(per_minute: u32) -> EdgeSettings {
    EdgeSettings { anonymous_per_minute: NonZeroU32::new(per_minute), ..EdgeSettings::default() }
}

fn from(request: TestRequest, address: &str) -> TestRequest {
    request.peer_addr(SocketAddr::new(address.parse().unwrap(), 50_000))
}

/// Asks for the keys, which needs no credential.
async fn anonymous(world: &World, address: &str) -> Exchange {
    world.call(from(TestRequest::get().uri("/.well-known/jwks.json"), address)).await
}

async fn with_credential(world: &World, credential: &str, address: &str) -> Exchange {
    let request = TestRequest::get().uri("/api/users/me");
    world.call(from(request.insert_header(("authorization", format!("Bearer {credential}"))), address)).await
}

#[actix_web::test]
async fn requests_without_a_credential_are_limited_by_address() {
    let world = World::production().await.behind(settings(2));
    for _ in 0..2 {
        assert_eq!(anonymous(&world, MALLORY).await.status, 200);
    }
    let refused = anonymous(&world, MALLORY).await;
    assert_snapshot!(refused.show(), @r#"
    429
    content-type: application/problem+json
    retry-after: 30

    {
      "detail": "too many requests without a good credential came from this address; wait, then try again",
      "instance": "[request]",
      "status": 429,
      "title": "Too many requests came from this address",
      "type": "urn:muster:problem:too-many-requests"
    }
    "#);
    assert_eq!(anonymous(&world, "198.51.100.8").await.status, 200, "another address has its own");
    let token = world.token(world.grace.id);
    assert_eq!(with_credential(&world, &token, MALLORY).await.status, 200, "a good credential is let through");
    for path in NEVER_LIMITED {
        assert_eq!(world.call(from(TestRequest::get().uri(path), MALLORY)).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn a_network_of_ipv6_is_one_client() {
    let world = World::production().await.behind(settings(1));
    assert_eq!(anonymous(&world, "2a00:1:2:3::1").await.status, 200);
    assert_eq!(anonymous(&world, "2a00:1:2:3::2").await.problem(), "too-many-requests");
    assert_eq!(anonymous(&world, "2a00:1:2:4::1").await.status, 200);
}

/// Everybody behind a proxy that is not trusted has its address.
#[actix_web::test]
async fn internal_addresses_are_not_limited() {
    let world = World::production().await.behind(settings(1));
    for address in ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fd00::1", "::ffff:127.0.0.1"] {
        for _ in 0..3 {
            assert_eq!(anonymous(&world, address).await.status, 200, "{address}");
        }
    }
}

#[actix_web::test]
async fn no_limit_limits_nobody() {
    let world = World::production().await.behind(settings(0));
    for _ in 0..700 {
        assert_eq!(anonymous(&world, MALLORY).await.status, 200);
    }
}

#[actix_web::test]
async fn credentials_that_are_refused_count_and_shut_their_address_out() {
    let world = World::production().await.behind(settings(2));
    for _ in 0..3 {
        assert_eq!(with_credential(&world, "wrong", MALLORY).await.problem(), "unauthenticated");
    }
    let shut_out = with_credential(&world, "wrong", MALLORY).await;
    assert_eq!((shut_out.problem().as_str(), shut_out.header("retry-after")), ("too-many-requests", Some("30")));
    let token = world.token(world.grace.id);
    assert_eq!(with_credential(&world, &token, MALLORY).await.status, 429, "nothing from there is looked at");
    assert_eq!(with_credential(&world, &token, "198.51.100.8").await.status, 200);
    assert_eq!(anonymous(&world, MALLORY).await.status, 429);
}

/// A flood of tokens that name keys nobody knows is held up like one of wrong tokens.
#[actix_web::test]
async fn credentials_that_cannot_be_judged_yet_count_too() {
    let world = World::production().await.behind(settings(2));
    for _ in 0..3 {
        assert_eq!(with_credential(&world, "idp?grace", MALLORY).await.problem(), "unavailable");
    }
    assert_eq!(with_credential(&world, "idp?grace", MALLORY).await.problem(), "too-many-requests");
    // An outage of the provider or of the store is nobody's fault.
    for _ in 0..5 {
        assert_eq!(with_credential(&world, "idp!grace", "198.51.100.8").await.problem(), "unavailable");
    }
}

/// A credential that nobody looks at opens no way around.
#[actix_web::test]
async fn every_route_is_limited_whatever_credential_is_made_up() {
    for (method, path) in muster_http::table(true) {
        let world = World::new().await.behind(settings(1));
        let path = path.replace("{id}", "x").replace("{userId}", "x");
        let mut last = 0;
        for _ in 0..3 {
            let request = TestRequest::default().method(method.clone()).uri(&path).set_json(json!({}));
            let request = request.insert_header(("host", "localhost")).insert_header(("authorization", "Bearer x"));
            last = world.call(from(request, MALLORY)).await.status;
        }
        let expected = !NEVER_LIMITED.contains(&path.as_str());
        assert_eq!(last == 429, expected, "{method} {path} answers {last}");
    }
}

#[actix_web::test]
async fn clients_behind_a_trusted_proxy_are_told_apart_and_cannot_make_themselves_others() {
    let trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
    let world = World::production().await.behind(EdgeSettings { trusted_proxies, ..settings(1) });
    let ask = async |peer: &str, forwarded: &str| {
        let request = TestRequest::get().uri("/.well-known/jwks.json");
        world.call(from(request.insert_header(("x-forwarded-for", forwarded)), peer)).await.status
    };
    assert_eq!(ask("10.0.0.1", MALLORY).await, 200);
    assert_eq!(ask("10.0.0.1", "198.51.100.8").await, 200);
    assert_eq!(ask("10.0.0.1", MALLORY).await, 429);
    // The proxy adds the address at the end of whatever the client made up.
    assert_eq!(ask("10.0.0.1", &format!("203.0.113.1, {MALLORY}")).await, 429);
    assert_eq!(ask("10.0.0.1", &format!("10.0.0.1, {MALLORY}")).await, 429);
    // Who goes around the proxy is their own peer.
    assert_eq!(ask("203.0.113.9", "203.0.113.1").await, 200);
    assert_eq!(ask("203.0.113.9", "203.0.113.2").await, 429);
}

#[actix_web::test]
async fn break_glass_counts_attempts_by_the_clients_own_address() {
    let trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
    let world = World::production().await.behind(EdgeSettings { trusted_proxies, ..settings(0) });
    let attempt = async |client: &str| {
        let body: Value = json!({ "account": "heron-42", "password": "wrong" });
        let request = TestRequest::post().uri("/auth/break-glass").set_json(body);
        world.call(from(request.insert_header(("x-forwarded-for", client)), "10.0.0.1")).await.problem()
    };
    assert_eq!(attempt("198.51.100.8").await, "sign-in-refused");
    assert_eq!(world.last_event().origin.ip, Some("198.51.100.8".parse().unwrap()));
    for _ in 0..10 {
        assert_eq!(attempt(MALLORY).await, "sign-in-refused");
    }
    assert_eq!(attempt(MALLORY).await, "too-many-sign-ins");
    assert_eq!(attempt("198.51.100.8").await, "sign-in-refused");
}

#[actix_web::test]
async fn preflights_are_answered_to_whom_is_limited() {
    let cors_origins = vec!["https://oncall.example.com".to_owned()];
    let world = World::production().await.behind(EdgeSettings { cors_origins, ..settings(1) });
    assert_eq!(anonymous(&world, MALLORY).await.status, 200);
    let preflight = TestRequest::default()
        .method(Method::OPTIONS)
        .uri("/api/users/me")
        .insert_header(("origin", "https://oncall.example.com"))
        .insert_header(("access-control-request-method", "GET"));
    assert_eq!(world.call(from(preflight, MALLORY)).await.status, 200);
    let request = TestRequest::get().uri("/api/users/me").insert_header(("origin", "https://oncall.example.com"));
    let refused = world.call(from(request, MALLORY)).await;
    assert_eq!(refused.problem(), "too-many-requests");
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://oncall.example.com"), "a page can read it");
}
