use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::World;

const PATH: &str = "/api/notifications/devices";

/// A browser's subscription, with the keys of RFC 8291, section 5.
fn subscription() -> Value {
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    json!({ "endpoint": "https://push.example/abc", "expirationTime": null,
            "keys": { "p256dh": p256dh, "auth": "A".repeat(22) } })
}

#[actix_web::test]
async fn a_new_device_is_201_and_its_token_never_comes_back() {
    let world = World::new().await;
    let body = json!({ "platform": "ios", "token": "apns-token", "name": "Grace's phone", "appVersion": "1.2.3" });
    let answer = world.post(&world.grace, PATH, body).await;
    assert_snapshot!(answer.show(), @r#"
    201
    content-type: application/json

    {
      "appVersion": "1.2.3",
      "createdAt": "2026-11-22T12:00:00Z",
      "id": "01a20320-a200-7d82-874e-5dfd462f3539",
      "lastSeenAt": "2026-11-22T12:00:00Z",
      "name": "Grace's phone",
      "platform": "ios",
      "verified": false
    }
    "#);
    let list = world.get(&world.grace, PATH).await;
    assert_snapshot!(list.show(), @r#"
    200
    content-type: application/json

    {
      "items": [
        {
          "appVersion": "1.2.3",
          "createdAt": "2026-11-22T12:00:00Z",
          "id": "01a20320-a200-7d82-874e-5dfd462f3539",
          "lastSeenAt": "2026-11-22T12:00:00Z",
          "name": "Grace's phone",
          "platform": "ios",
          "verified": false
        }
      ]
    }
    "#);
    assert!(!list.text.contains("apns-token"));
    assert!(!world.get(&world.grace, "/api/users/me").await.text.contains("apns-token"));
}

#[actix_web::test]
async fn the_same_token_again_updates_the_device() {
    let world = World::new().await;
    let first = world.post(&world.grace, PATH, json!({ "platform": "ios", "token": "t", "name": "Old" })).await;
    let again = world.post(&world.grace, PATH, json!({ "platform": "ios", "token": "t", "name": "New" })).await;
    assert_eq!((again.status, &again.json()["name"]), (200, &json!("New")));
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(world.last_event().action, "device.updated");
    assert_eq!(world.last_event().details["deviceId"], first.json()["id"]);
}

#[actix_web::test]
async fn a_token_that_another_person_holds_moves_and_both_sides_are_recorded() {
    let world = World::new().await;
    world.post(&world.grace, PATH, json!({ "platform": "android", "token": "t" })).await;
    world.prove(&world.grace, "push").await;
    let before = world.store.audit_trail().len();
    let moved = world.post(&world.linus, PATH, json!({ "platform": "android", "token": "t" })).await;
    assert_eq!((moved.status, &moved.json()["verified"]), (201, &json!(false)));
    let events = world.store.audit_trail().split_off(before);
    let mut sides: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.subject)).collect();
    sides.sort();
    assert_eq!(sides, [("device.registered", Some(world.linus.id)), ("device.released", Some(world.grace.id))]);
    assert_eq!(world.get(&world.grace, PATH).await.json(), json!({ "items": [] }));
    let status = world.get(&world.grace, "/api/notifications/verification/status").await.json();
    assert_eq!(status["push"]["verified"], false);
}

#[actix_web::test]
async fn a_browser_subscription_is_one_device_however_it_is_written() {
    let world = World::new().await;
    let object = world.post(&world.grace, PATH, json!({ "platform": "web", "token": subscription() })).await;
    let text = json!({ "platform": "web", "token": subscription().to_string() });
    let text = world.post(&world.grace, PATH, text).await;
    assert_eq!((object.status, text.status), (201, 200), "{}", object.text);
    assert_eq!(object.json()["id"], text.json()["id"]);
}

#[actix_web::test]
async fn the_twenty_first_device_is_refused() {
    let world = World::new().await;
    for number in 0..20 {
        let body = json!({ "platform": "ios", "token": format!("token-{number}") });
        assert_eq!(world.post(&world.grace, PATH, body).await.status, 201);
    }
    let answer = world.post(&world.grace, PATH, json!({ "platform": "ios", "token": "one-more" })).await;
    assert_snapshot!(answer.show(), @r#"
    409
    content-type: application/problem+json

    {
      "detail": "remove a device first",
      "instance": "[request]",
      "status": 409,
      "title": "No more devices can be registered",
      "type": "urn:muster:problem:device-limit"
    }
    "#);
    assert_eq!(world.post(&world.grace, PATH, json!({ "platform": "ios", "token": "token-7" })).await.status, 200);
}

#[actix_web::test]
async fn a_removed_device_takes_its_proof_with_it() {
    let world = World::new().await;
    let body = json!({ "platform": "ios", "token": "t" });
    let id = world.post(&world.grace, PATH, body).await.json()["id"].as_str().unwrap().to_owned();
    world.prove(&world.grace, "push").await;
    let path = format!("{PATH}/{id}");
    assert_eq!(world.ask(&world.linus, Method::DELETE, &path, Value::Null).await.problem(), "not-found");
    let answer = world.ask(&world.grace, Method::DELETE, &path, Value::Null).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(world.last_event().action, "device.removed");
    assert_eq!(world.ask(&world.grace, Method::DELETE, &path, Value::Null).await.status, 404);
    let status = world.get(&world.grace, "/api/notifications/verification/status").await.json();
    assert_eq!((&status["push"]["verified"], &status["push"]["deviceCount"]), (&json!(false), &json!(0)));
}

#[actix_web::test]
async fn malformed_devices_name_their_field() {
    let world = World::new().await;
    let mut no_tls = subscription();
    no_tls["endpoint"] = "http://push.example/abc".into();
    let mut short_key = subscription();
    short_key["keys"]["auth"] = "AAAA".into();
    for (body, field) in [
        (json!({ "platform": "ios" }), "token"),
        (json!({ "platform": "ios", "token": "" }), "token"),
        (json!({ "platform": "ios", "token": "a b" }), "token"),
        (json!({ "platform": "ios", "token": "a".repeat(4097) }), "token"),
        (json!({ "platform": "ios", "token": 7 }), "token"),
        (json!({ "platform": "ios", "token": subscription() }), "token"),
        (json!({ "platform": "android", "token": {} }), "token"),
        (json!({ "platform": "web", "token": "not json" }), "token"),
        (json!({ "platform": "web", "token": no_tls }), "token"),
        (json!({ "platform": "web", "token": short_key }), "token"),
        (json!({ "platform": "palm", "token": "t" }), "platform"),
        (json!({ "platform": "ios", "token": "t", "name": "" }), "name"),
        (json!({ "platform": "ios", "token": "t", "name": "x".repeat(101) }), "name"),
        (json!({ "platform": "ios", "token": "t", "name": "a\u{0}b" }), "name"),
        (json!({ "platform": "ios", "token": "t", "appVersion": "x".repeat(51) }), "appVersion"),
        (json!({ "platform": "ios", "token": "t", "verified": true }), "verified"),
    ] {
        let answer = world.post(&world.grace, PATH, body.clone()).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{body}");
    }
    assert_eq!(world.get(&world.grace, PATH).await.json(), json!({ "items": [] }));
}
