use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};
use time::Duration;

use crate::world::{Exchange, World};

const KEYS: &str = "/api/keys";

async fn create(world: &World, scopes: &[&str]) -> Value {
    let answer = world.post(&world.ada, KEYS, json!({ "name": "Pager", "scopes": scopes })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn get_with(world: &World, credential: &str, path: &str) -> Exchange {
    let request = TestRequest::get().uri(path).insert_header(("authorization", format!("Bearer {credential}")));
    world.call(request).await
}

fn key(created: &Value) -> &str {
    created["key"].as_str().unwrap()
}

#[actix_web::test]
async fn a_key_is_shown_once_and_listed_without_itself() {
    let world = World::production().await;
    let answer = world.post(&world.ada, KEYS, json!({ "name": "Pager", "scopes": ["audit:read", "users:read"] })).await;
    assert_snapshot!(answer.show(), @r#"
    201
    content-type: application/json

    {
      "createdAt": "2026-11-22T12:00:00Z",
      "expiresAt": null,
      "id": "01a20320-a200-750f-a80b-f6dbbb60c69c",
      "key": "mst_key_0PUYDjYAUmbp7q7aA5Z1nU5tNiplawxW1zxZYvST2NTr1QzmTY",
      "lastUsedAt": null,
      "name": "Pager",
      "prefix": "mst_key_0PUY",
      "revokedAt": null,
      "scopes": [
        "users:read",
        "audit:read"
      ]
    }
    "#);
    let created = answer.json();
    let listed = world.get(&world.ada, KEYS).await;
    assert!(!listed.text.contains(key(&created)));
    assert_snapshot!(listed.show(), @r#"
    200
    content-type: application/json

    {
      "items": [
        {
          "createdAt": "2026-11-22T12:00:00Z",
          "expiresAt": null,
          "id": "01a20320-a200-750f-a80b-f6dbbb60c69c",
          "lastUsedAt": null,
          "name": "Pager",
          "prefix": "mst_key_0PUY",
          "revokedAt": null,
          "scopes": [
            "users:read",
            "audit:read"
          ]
        }
      ]
    }
    "#);
    assert_eq!(world.last_event().action, "key.created");
    assert!(!format!("{:?}", world.last_event()).contains(key(&created)));
}

#[actix_web::test]
async fn a_key_opens_what_its_scopes_name_and_nothing_else() {
    let world = World::production().await;
    let everything = ["users:read", "readiness:read", "audit:read", "scim"];
    for (scopes, list, audit) in [
        (&["users:read"][..], 200, 403),
        (&["audit:read"], 403, 200),
        (&["readiness:read"], 403, 403),
        (&["scim"], 403, 403),
        (&everything, 200, 200),
    ] {
        let created = create(&world, scopes).await;
        for (path, expected) in [
            ("/api/users", list),
            ("/api/audit", audit),
            ("/api/users/me", 403),
            ("/api/notifications/preferences", 403),
            ("/api/notifications/verification/status", 403),
            ("/api/keys", 403),
        ] {
            let answer = get_with(&world, key(&created), path).await;
            assert_eq!(answer.status, expected, "{scopes:?} {path}: {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn a_key_that_is_revoked_or_past_its_end_is_refused() {
    let world = World::production().await;
    let created = create(&world, &["users:read"]).await;
    let path = format!("{KEYS}/{}", created["id"].as_str().unwrap());
    assert_eq!(get_with(&world, key(&created), "/api/users").await.status, 200);
    assert_eq!(world.ask(&world.ada, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(get_with(&world, key(&created), "/api/users").await.problem(), "unauthenticated");
    assert_eq!(world.ask(&world.ada, Method::DELETE, &path, Value::Null).await.problem(), "not-found");

    let body = json!({ "name": "Short", "scopes": ["users:read"], "expiresAt": "2026-11-22T13:00:00Z" });
    let short = world.post(&world.ada, KEYS, body).await.json();
    assert_eq!(get_with(&world, key(&short), "/api/users").await.status, 200);
    world.make.clock.advance(Duration::HOUR);
    assert_eq!(get_with(&world, key(&short), "/api/users").await.status, 401);
}

#[actix_web::test]
async fn a_rotated_key_goes_on_working_for_the_overlap() {
    let world = World::production().await;
    let old = create(&world, &["users:read"]).await;
    let path = format!("{KEYS}/{}/rotate", old["id"].as_str().unwrap());
    let new = world.post(&world.ada, &path, json!({ "overlapSeconds": 600 })).await;
    assert_eq!(new.status, 201, "{}", new.text);
    let new = new.json();
    assert_eq!((&new["name"], &new["scopes"]), (&old["name"], &old["scopes"]));
    for each in [&old, &new] {
        assert_eq!(get_with(&world, key(each), "/api/users").await.status, 200);
    }
    world.make.clock.advance(Duration::minutes(10));
    assert_eq!(get_with(&world, key(&old), "/api/users").await.status, 401);
    assert_eq!(get_with(&world, key(&new), "/api/users").await.status, 200);
    assert_eq!(world.post(&world.ada, &path, Value::Null).await.problem(), "not-found");
}

#[actix_web::test]
async fn only_admins_manage_keys() {
    let world = World::production().await;
    let id = create(&world, &["users:read"]).await["id"].as_str().unwrap().to_owned();
    for (method, path) in [
        (Method::GET, KEYS.to_owned()),
        (Method::POST, KEYS.to_owned()),
        (Method::DELETE, format!("{KEYS}/{id}")),
        (Method::POST, format!("{KEYS}/{id}/rotate")),
    ] {
        let answer = world.ask(&world.grace, method, &path, Value::Null).await;
        assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"), "{path}");
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_key_is_named_by_its_field() {
    let world = World::production().await;
    for (body, fields) in [
        (json!({ "name": " ", "scopes": ["users:read"] }), ["name"]),
        (json!({ "name": "x", "scopes": ["everything"] }), ["scopes[0]"]),
        (json!({ "name": "x", "scopes": [] }), ["scopes"]),
        (json!({ "name": "x", "scopes": ["scim"], "expiresAt": "2026-11-22T12:00:00Z" }), ["expiresAt"]),
        (json!({ "name": "x", "scopes": ["scim"], "role": "admin" }), ["role"]),
    ] {
        assert_eq!(world.post(&world.ada, KEYS, body).await.fields(), fields);
    }
    let created = create(&world, &["scim"]).await;
    let path = format!("{KEYS}/{}/rotate", created["id"].as_str().unwrap());
    let answer = world.post(&world.ada, &path, json!({ "overlapSeconds": 2_592_001 })).await;
    assert_eq!(answer.fields(), ["overlapSeconds"]);
}

#[actix_web::test]
async fn the_audit_trail_names_the_service_that_called() {
    let world = World::production().await;
    let created = create(&world, &["audit:read"]).await;
    let mistyped = key(&created).replace("mst_key_", "mst_key_x");
    assert_eq!(get_with(&world, &mistyped, "/api/audit").await.status, 401);
    let listed = get_with(&world, key(&created), "/api/audit").await.json();
    let actions: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| &item["action"]).collect();
    assert!(actions.contains(&&json!("key.created")), "{actions:?}");
    let last_used = world.get(&world.ada, KEYS).await.json()["items"][0]["lastUsedAt"].clone();
    assert_eq!(last_used, "2026-11-22T12:00:00Z");
}
