use insta::assert_snapshot;
use serde_json::{Value, json};
use time::Duration;

use crate::world::World;

/// Three records of Grace's, one of them Ada's doing, a minute apart.
async fn eventful() -> World {
    let world = World::new().await;
    world.make.clock.advance(Duration::minutes(1));
    world.post(&world.grace, "/api/notifications/devices", json!({ "platform": "ios", "token": "t" })).await;
    world.make.clock.advance(Duration::minutes(1));
    let path = format!("/api/users/{}/role", world.grace.id);
    world.ask(&world.ada, actix_web::http::Method::PATCH, &path, json!({ "role": "admin" })).await;
    world
}

fn actions(body: &Value) -> Vec<&str> {
    body["items"].as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_record_says_who_what_whom_and_from_where() {
    let world = World::new().await;
    world.make.clock.advance(Duration::minutes(1));
    let body = json!({ "platform": "ios", "token": "t" });
    let request = world.request(&world.grace, actix_web::http::Method::POST, "/api/notifications/devices", body);
    let request = request.insert_header(("user-agent", "Muster/1.0")).peer_addr("192.0.2.7:4711".parse().unwrap());
    let id = world.call(request).await.header("x-request-id").unwrap().to_owned();
    let page = world.get(&world.ada, "/api/audit?limit=1").await.json();
    let shown = serde_json::to_string_pretty(&page["items"][0]).unwrap().replace(&id, "[request]");
    assert_snapshot!(shown, @r#"
    {
      "action": "device.registered",
      "actor": {
        "id": "01a20320-a200-7e23-a324-5aa232a9e247",
        "type": "user"
      },
      "at": "2026-11-22T12:01:00Z",
      "details": {
        "deviceId": "01a20321-8c60-7d82-874e-5dfd462f3539",
        "platform": "ios"
      },
      "id": "01a20321-8c60-71a2-9f22-420a894c4b27",
      "ip": "192.0.2.7",
      "requestId": "[request]",
      "userAgent": "Muster/1.0",
      "userId": "01a20320-a200-7e23-a324-5aa232a9e247"
    }
    "#);
}

#[actix_web::test]
async fn the_trail_is_newest_first_and_pages_by_cursor() {
    let world = eventful().await;
    let mut path = "/api/audit?limit=2".to_owned();
    let mut all = Vec::new();
    loop {
        let answer = world.get(&world.ada, &path).await;
        let body = answer.json();
        all.extend(actions(&body).into_iter().map(str::to_owned));
        let Some(cursor) = body["nextCursor"].as_str() else { break };
        path = format!("/api/audit?limit=2&cursor={cursor}");
        assert_eq!(answer.header("link"), Some(format!("<{path}>; rel=\"next\"").as_str()));
    }
    let mut trail = world.actions_since(0);
    assert_eq!((all.len(), &all[0], &all[1]), (trail.len(), &"role.changed".into(), &"device.registered".into()));
    trail.sort();
    all.sort();
    assert_eq!(all, trail);
}

#[actix_web::test]
async fn the_trail_filters() {
    let world = eventful().await;
    let (ada, grace) = (world.ada.id, world.grace.id);
    for (filter, expected) in [
        (format!("actorId={ada}"), vec!["role.changed"]),
        (format!("userId={grace}"), vec!["role.changed", "device.registered", "test.user.created"]),
        ("action=device.registered".to_owned(), vec!["device.registered"]),
        (format!("userId={grace}&from=2026-11-22T12:01:00Z&to=2026-11-22T12:02:00Z"), vec!["device.registered"]),
        ("from=2026-11-22T13:02:00%2B01:00".to_owned(), vec!["role.changed"]),
        ("action=no.such".to_owned(), vec![]),
    ] {
        let answer = world.get(&world.ada, &format!("/api/audit?{filter}")).await;
        assert_eq!(actions(&answer.json()), expected, "{filter}");
    }
}

#[actix_web::test]
async fn the_export_is_every_record_one_a_line() {
    let world = eventful().await;
    for number in 0..450 {
        let body = json!({ "platform": "ios", "token": format!("token-{}", number % 20) });
        world.post(&world.linus, "/api/notifications/devices", body).await;
    }
    let answer = world.get(&world.ada, "/api/audit/export").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), world.actions_since(0).len());
    assert_eq!(lines[0], world.get(&world.ada, "/api/audit?limit=1").await.json()["items"][0]);
    let one = world.get(&world.ada, "/api/audit/export?action=role.changed").await;
    assert_eq!(one.text.lines().count(), 1);
    assert_eq!(world.get(&world.ada, "/api/audit/export?limit=2").await.fields(), ["limit"]);
}

#[actix_web::test]
async fn only_an_admin_reads_the_trail() {
    let world = World::new().await;
    for path in ["/api/audit", "/api/audit/export"] {
        assert_eq!(world.get(&world.grace, path).await.problem(), "forbidden", "{path}");
        let nobody = world.call(actix_web::test::TestRequest::get().uri(path)).await;
        assert_eq!(nobody.problem(), "unauthenticated", "{path}");
    }
}

#[actix_web::test]
async fn nothing_in_the_trail_holds_a_code_a_token_or_a_whole_contact() {
    let world = World::new().await;
    world.post(&world.grace, "/api/notifications/devices", json!({ "platform": "ios", "token": "push-token" })).await;
    let mut secrets = vec!["push-token".to_owned(), "grace@example.com".to_owned(), "+12025550100".to_owned()];
    for method in ["email", "sms", "push"] {
        world.prove(&world.grace, method).await;
        secrets.push(format!("\"{}\"", world.sender.last_code().unwrap().expose()));
    }
    let session = world.post(&world.grace, "/api/mobile/token", json!({})).await.json();
    secrets.push(session["refreshToken"].as_str().unwrap().to_owned());
    let trail = world.get(&world.ada, "/api/audit/export").await.text;
    assert!(trail.contains("gr***@example.com") && trail.contains("***0100"));
    for secret in secrets {
        assert!(!trail.contains(&secret), "the trail holds {secret}");
    }
}
