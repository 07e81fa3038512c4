use actix_web::test::TestRequest;
use insta::assert_snapshot;

use crate::world::World;

#[actix_web::test]
async fn healthz_needs_nothing() {
    let world = World::new().await;
    world.store.set_unavailable(true);
    assert_snapshot!(world.call(TestRequest::get().uri("/healthz")).await.show(), @r#"
    200
    content-type: application/json

    {
      "status": "alive"
    }
    "#);
    assert_eq!(
        world.call(TestRequest::default().method(actix_web::http::Method::HEAD).uri("/healthz")).await.status,
        200
    );
}

#[actix_web::test]
async fn readyz_follows_the_store() {
    let world = World::new().await;
    assert_snapshot!(world.call(TestRequest::get().uri("/readyz")).await.show(), @r#"
    200
    content-type: application/json

    {
      "providers": [
        {
          "circuit": "open",
          "name": "ses"
        }
      ],
      "status": "ready"
    }
    "#);
    world.store.set_unavailable(true);
    assert_snapshot!(world.call(TestRequest::get().uri("/readyz")).await.show(), @r#"
    503
    content-type: application/problem+json
    retry-after: 5

    {
      "detail": "the store does not answer, or cannot be written",
      "instance": "[request]",
      "status": 503,
      "title": "The service is unavailable for the moment",
      "type": "urn:muster:problem:unavailable"
    }
    "#);
}

#[actix_web::test]
async fn a_store_that_is_gone_is_503_everywhere_and_says_when_to_try_again() {
    let world = World::new().await;
    world.store.set_unavailable(true);
    for path in ["/api/users/me", "/api/users", "/api/notifications/preferences", "/api/audit/export"] {
        let answer = world.get(&world.ada, path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"), "{path}");
        assert_eq!(answer.header("retry-after"), Some("5"), "{path}");
    }
}

#[actix_web::test]
async fn a_key_that_cannot_sign_is_500_and_tells_the_client_nothing() {
    let world = World::new().await;
    let request =
        world.request(&world.grace, actix_web::http::Method::POST, "/api/mobile/token", serde_json::json!({}));
    world.tokens.break_key();
    assert_snapshot!(world.call(request).await.show(), @r#"
    500
    content-type: application/problem+json

    {
      "detail": "this is a fault of the server; its operators can find it by the request id in instance",
      "instance": "[request]",
      "status": 500,
      "title": "Something failed on the server",
      "type": "urn:muster:problem:internal"
    }
    "#);
}

#[actix_web::test]
async fn the_public_keys_may_be_cached() {
    let world = World::new().await;
    let answer = world.call(TestRequest::get().uri("/.well-known/jwks.json")).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "keys": [
        {
          "crv": "Ed25519",
          "kty": "OKP"
        }
      ]
    }
    "#);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(world.get(&world.ada, "/api/users/me").await.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn a_front_end_is_told_what_it_needs_before_anybody_has_signed_in() {
    let world = World::new().await;
    let answer = world.call(TestRequest::get().uri("/api/configuration")).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "channels": [
        "email",
        "sms",
        "push"
      ],
      "clientId": "0oa1b2c3",
      "issuer": "https://provider.example",
      "vapidPublicKey": "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg"
    }
    "#);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
}

#[actix_web::test]
async fn the_addresses_that_people_type_lead_to_the_docs() {
    let world = World::new().await;
    for (path, page) in [("/", "docs"), ("/docs/", "../docs")] {
        let answer = world.call(TestRequest::get().uri(path)).await;
        assert_eq!((answer.status, answer.header("location")), (307, Some(page)), "{path}");
        assert_eq!(world.call(TestRequest::post().uri(path)).await.status, 404, "{path}");
    }
    assert_eq!(world.call(TestRequest::get().uri("/docs/none/")).await.status, 404);
}
