use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::{Value, json};
use time::Duration;

use crate::world::{Exchange, World, user_actor};

const TOKEN: &str = "/api/mobile/token";
const TOKENS: &str = "/api/mobile/tokens";

/// Refresh tokens in an answer are long and are no snapshot's business.
fn without_tokens(answer: &Exchange) -> String {
    let mut shown = answer.show();
    if let Some(token) = answer.json()["refreshToken"].as_str() {
        assert!(token.starts_with("mst_rt_") && token.len() == 57, "{token}");
        shown = shown.replace(token, "[refresh token]");
    }
    shown
}

async fn issue(world: &World) -> String {
    let answer = world.post(&world.grace, TOKEN, json!({ "deviceName": "Pixel" })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["refreshToken"].as_str().unwrap().to_owned()
}

async fn refresh(world: &World, token: &str) -> Exchange {
    let body = json!({ "refreshToken": token });
    world.call(TestRequest::post().uri("/api/mobile/refresh").set_json(body)).await
}

async fn successor(world: &World, token: &str) -> String {
    let answer = refresh(world, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["refreshToken"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_session_is_opened_with_both_tokens() {
    let world = World::new().await;
    let answer = world.post(&world.grace, TOKEN, json!({ "deviceName": "Pixel" })).await;
    assert_snapshot!(without_tokens(&answer), @r#"
    201
    content-type: application/json

    {
      "accessToken": "fake-access-token-1",
      "expiresAt": "2027-02-20T12:00:00Z",
      "expiresIn": 900,
      "id": "01a20320-a200-7d82-874e-5dfd462f3539",
      "refreshToken": "[refresh token]",
      "tokenType": "Bearer"
    }
    "#);
    assert_eq!(world.last_event().action, "session.issued");
    assert_snapshot!(world.get(&world.grace, TOKENS).await.show(), @r#"
    200
    content-type: application/json

    {
      "items": [
        {
          "createdAt": "2026-11-22T12:00:00Z",
          "deviceName": "Pixel",
          "expiresAt": "2027-02-20T12:00:00Z",
          "id": "01a20320-a200-7d82-874e-5dfd462f3539",
          "lastUsedAt": "2026-11-22T12:00:00Z"
        }
      ]
    }
    "#);
}

#[actix_web::test]
async fn a_refresh_gives_the_successor_a_working_access_token_and_the_profile() {
    let world = World::new().await;
    let token = issue(&world).await;
    world.make.clock.advance(Duration::hours(1));
    let answer = refresh(&world, &token).await;
    let mut body = answer.json();
    assert_ne!(body["refreshToken"], json!(token));
    let profile = body.as_object_mut().unwrap().remove("user").unwrap();
    assert_eq!(profile, world.get(&world.grace, "/api/users/me").await.json());
    body["refreshToken"] = "[refresh token]".into();
    let access = body["accessToken"].as_str().unwrap().to_owned();
    body["accessToken"] = "[access token]".into();
    assert_snapshot!(body.to_string(), @r#"{"accessToken":"[access token]","expiresIn":900,"refreshToken":"[refresh token]","refreshTokenExpiresAt":"2027-02-20T12:00:00Z","tokenType":"Bearer"}"#);
    let me = TestRequest::get().uri("/api/users/me").insert_header(("authorization", format!("Bearer {access}")));
    assert_eq!(world.call(me).await.json()["userName"], "grace");
    let event = world.last_event();
    assert_eq!((event.action.as_str(), event.origin.actor), ("session.refreshed", user_actor(&world.grace)));
}

#[actix_web::test]
async fn a_retry_gets_the_same_successor() {
    let world = World::new().await;
    let token = issue(&world).await;
    let first = successor(&world, &token).await;
    assert_eq!(successor(&world, &token).await, first);
}

#[actix_web::test]
async fn a_replay_ends_its_session_alone() {
    let world = World::new().await;
    let (stolen, other) = (issue(&world).await, issue(&world).await);
    let next = successor(&world, &stolen).await;
    successor(&world, &next).await;
    world.make.clock.advance(Duration::seconds(61));
    let before = world.store.audit_trail().len();
    let replay = refresh(&world, &stolen).await;
    assert_snapshot!(replay.show(), @r#"
    401
    content-type: application/problem+json
    www-authenticate: Bearer

    {
      "detail": "sign in again",
      "instance": "[request]",
      "status": 401,
      "title": "The refresh token is not valid",
      "type": "urn:muster:problem:invalid-refresh-token"
    }
    "#);
    assert_eq!(world.actions_since(before), ["session.replayed", "session.revoked"]);
    assert_eq!(refresh(&world, &next).await.show(), replay.show());
    assert_eq!(refresh(&world, &other).await.status, 200);
}

#[actix_web::test]
async fn a_late_packet_is_401_and_ends_nothing() {
    let world = World::new().await;
    let token = issue(&world).await;
    let next = successor(&world, &token).await;
    successor(&world, &next).await;
    world.make.clock.advance(Duration::seconds(60));
    let before = world.store.audit_trail().len();
    assert_eq!(refresh(&world, &token).await.problem(), "invalid-refresh-token");
    assert_eq!(world.actions_since(before), Vec::<String>::new());
    assert_eq!(refresh(&world, &next).await.status, 200);
}

#[actix_web::test]
async fn unknown_expired_and_revoked_tokens_are_one_problem() {
    let world = World::new().await;
    let revoked = issue(&world).await;
    let id = world.get(&world.grace, TOKENS).await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let expired = issue(&world).await;
    let unknown = muster_domain::session::RefreshToken::from_bytes([7; 32]).expose().to_string();
    assert_eq!(world.ask(&world.linus, Method::DELETE, &format!("{TOKENS}/{id}"), Value::Null).await.status, 404);
    assert_eq!(world.ask(&world.grace, Method::DELETE, &format!("{TOKENS}/{id}"), Value::Null).await.status, 204);
    assert_eq!(world.ask(&world.grace, Method::DELETE, &format!("{TOKENS}/{id}"), Value::Null).await.status, 404);
    let expected = refresh(&world, &unknown).await.show();
    assert_eq!(refresh(&world, &revoked).await.show(), expected);
    world.make.clock.advance(Duration::days(90) - Duration::SECOND);
    assert_eq!(refresh(&world, &expired).await.status, 200);
    world.make.clock.advance(Duration::SECOND);
    assert_eq!(refresh(&world, &expired).await.show(), expected);
}

#[actix_web::test]
async fn signing_out_is_204_also_for_a_dead_or_unknown_token() {
    let world = World::new().await;
    let token = issue(&world).await;
    let unknown = muster_domain::session::RefreshToken::from_bytes([7; 32]).expose().to_string();
    for token in [&token, &token, &unknown] {
        let request = TestRequest::delete().uri(TOKEN).set_json(json!({ "refreshToken": token }));
        let answer = world.call(request).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }
    assert_eq!(refresh(&world, &token).await.status, 401);
    assert_eq!(world.get(&world.grace, TOKENS).await.json(), json!({ "items": [] }));
}

#[actix_web::test]
async fn a_wrong_checksum_is_refused_without_asking_the_store() {
    let world = World::new().await;
    let token = issue(&world).await;
    let last = if token.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{last}", &token[..token.len() - 1]);
    world.store.set_unavailable(true);
    assert_eq!(refresh(&world, &token).await.status, 503);
    assert_snapshot!(refresh(&world, &mistyped).await.show(), @r#"
    422
    content-type: application/problem+json

    {
      "detail": "refreshToken must be a refresh token: mst_rt_ and 50 letters and digits with a right checksum",
      "errors": [
        {
          "detail": "must be a refresh token: mst_rt_ and 50 letters and digits with a right checksum",
          "field": "refreshToken"
        }
      ],
      "instance": "[request]",
      "status": 422,
      "title": "The input breaks rules",
      "type": "urn:muster:problem:validation-failed"
    }
    "#);
}

#[actix_web::test]
async fn malformed_requests_name_their_field() {
    let world = World::new().await;
    for (body, field) in [
        (json!({ "deviceName": "x".repeat(101) }), "deviceName"),
        (json!({ "deviceName": " " }), "deviceName"),
        (json!({ "deviceId": "not-an-id" }), "deviceId"),
        (json!({ "deviceId": "01900000-0000-7000-8000-000000000000" }), "deviceId"),
        (json!({ "userId": world.ada.id }), "userId"),
    ] {
        let answer = world.post(&world.grace, TOKEN, body.clone()).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{body}");
    }
    assert_eq!(refresh(&world, "").await.fields(), ["refreshToken"]);
}

#[actix_web::test]
async fn an_access_token_cannot_outlive_its_session_by_opening_another() {
    let world = World::new().await;
    let opened = world.post(&world.grace, TOKEN, json!({})).await.json();
    let bearer = format!("Bearer {}", opened["accessToken"].as_str().unwrap());
    let open_another = || TestRequest::post().uri(TOKEN).insert_header(("authorization", bearer.clone()));
    assert_eq!(world.call(open_another()).await.status, 201, "a body may be left out");
    let path = format!("{TOKENS}/{}", opened["id"].as_str().unwrap());
    assert_eq!(world.ask(&world.grace, Method::DELETE, &path, Value::Null).await.status, 204);
    let answer = world.call(open_another()).await;
    assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthenticated"));
}

#[actix_web::test]
async fn a_session_needs_an_account() {
    let world = World::new().await;
    let answer = world.call(TestRequest::post().uri(TOKEN).set_json(json!({}))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthenticated"));
}

/// A phone that is signed out gets no more messages, and the status says why push is not proven any more.
#[actix_web::test]
async fn a_phone_that_is_signed_out_gets_no_more_codes() {
    for by_owner in [false, true] {
        let world = World::new().await;
        let device = json!({ "platform": "android", "token": "fcm-lost", "name": "Lost phone" });
        let device = world.post(&world.grace, "/api/notifications/devices", device).await.json();
        assert_eq!(world.prove(&world.grace, "push").await.status, 200);
        let opened = world.post(&world.grace, TOKEN, json!({ "deviceId": device["id"] })).await.json();
        world.make.clock.advance(Duration::hours(1));
        let ended = if by_owner {
            let path = format!("{TOKENS}/{}", opened["id"].as_str().unwrap());
            world.ask(&world.grace, Method::DELETE, &path, Value::Null).await
        } else {
            let token = json!({ "refreshToken": opened["refreshToken"] });
            world.call(TestRequest::delete().uri(TOKEN).set_json(token)).await
        };
        assert_eq!(ended.status, 204);
        let push = world.get(&world.grace, "/api/notifications/verification/status").await.json()["push"].clone();
        let reason = if by_owner { "revokedByOwner" } else { "signedOut" };
        assert_eq!(
            push,
            json!({
                "destination": null, "deviceCount": 0, "pending": null, "reason": reason,
                "since": "2026-11-22T13:00:00Z", "verified": false, "verifiedAt": null,
            })
        );
        let send = json!({ "method": "push" });
        let sent = world.post(&world.grace, "/api/notifications/verification/send", send).await;
        assert_eq!((sent.status, sent.problem().as_str()), (409, "no-destination"));

        // The access token of the session outlives it by minutes, and brings no device back.
        let bearer = format!("Bearer {}", opened["accessToken"].as_str().unwrap());
        let again = TestRequest::post().uri("/api/notifications/devices").insert_header(("authorization", bearer));
        let again = world.call(again.set_json(json!({ "platform": "android", "token": "fcm-lost" }))).await;
        assert_eq!((again.status, again.problem().as_str()), (401, "unauthenticated"));
    }
}
