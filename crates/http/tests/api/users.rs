use actix_web::http::Method;
use insta::assert_snapshot;
use muster_domain::audit::Actor;
use serde_json::{Value, json};

use crate::world::{World, user_actor};

#[actix_web::test]
async fn me_shows_the_whole_profile() {
    let world = World::new().await;
    let answer = world.get(&world.grace, "/api/users/me").await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "active": true,
      "createdAt": "2026-11-22T12:00:00Z",
      "devices": [],
      "displayName": "grace Example",
      "email": "grace@example.com",
      "familyName": "Example",
      "givenName": "grace",
      "id": "01a20320-a200-7e23-a324-5aa232a9e247",
      "locale": "en-GB",
      "phone": "+12025550100",
      "preferences": {
        "channels": {
          "email": true,
          "push": true,
          "sms": true
        },
        "quietHours": null,
        "rules": {
          "critical": [
            {
              "afterMinutes": 0,
              "channel": "push"
            },
            {
              "afterMinutes": 2,
              "channel": "sms"
            },
            {
              "afterMinutes": 2,
              "channel": "email"
            }
          ],
          "high": [
            {
              "afterMinutes": 0,
              "channel": "push"
            },
            {
              "afterMinutes": 5,
              "channel": "sms"
            },
            {
              "afterMinutes": 5,
              "channel": "email"
            }
          ],
          "info": [
            {
              "afterMinutes": 0,
              "channel": "email"
            }
          ],
          "low": [
            {
              "afterMinutes": 0,
              "channel": "email"
            }
          ],
          "medium": [
            {
              "afterMinutes": 0,
              "channel": "push"
            },
            {
              "afterMinutes": 15,
              "channel": "email"
            }
          ]
        }
      },
      "role": "user",
      "source": "scim",
      "teams": [
        {
          "id": "01a20320-a200-7c7f-bec9-a273d2e17079",
          "name": "Platform",
          "role": "responder"
        }
      ],
      "timeZone": "Europe/London",
      "updatedAt": "2026-11-22T12:00:00Z",
      "userName": "grace",
      "verification": {
        "allVerified": false,
        "canBeOnCall": false,
        "email": {
          "destination": "gr***@example.com",
          "pending": null,
          "verified": false,
          "verifiedAt": null
        },
        "missing": [
          "email",
          "sms",
          "push"
        ],
        "push": {
          "destination": null,
          "deviceCount": 0,
          "pending": null,
          "reason": null,
          "since": null,
          "verified": false,
          "verifiedAt": null
        },
        "sms": {
          "destination": "***0100",
          "pending": null,
          "verified": false,
          "verifiedAt": null
        }
      }
    }
    "#);
}

#[actix_web::test]
async fn me_without_a_credential_is_401() {
    let world = World::new().await;
    let answer = world.call(actix_web::test::TestRequest::get().uri("/api/users/me")).await;
    assert_snapshot!(answer.show(), @r#"
    401
    content-type: application/problem+json
    www-authenticate: Bearer

    {
      "detail": "send a credential as Authorization: Bearer …",
      "instance": "[request]",
      "status": 401,
      "title": "A valid credential is needed",
      "type": "urn:muster:problem:unauthenticated"
    }
    "#);
}

#[actix_web::test]
async fn a_deactivated_person_is_refused_whatever_token_they_hold() {
    let world = World::new().await;
    let gone = world.add(world.make.user("gone").deactivated()).await;
    for path in ["/api/users/me", "/api/notifications/preferences", "/api/notifications/verification/status"] {
        let answer = world.get(&gone, path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthenticated"), "{path}");
    }
}

#[actix_web::test]
async fn a_forged_or_malformed_credential_is_401() {
    let world = World::new().await;
    for value in ["Bearer nonsense", "Bearer", "Basic YTpi", "fake-access-token-0", "Bearer \u{e9}"] {
        let request = actix_web::test::TestRequest::get().uri("/api/users").insert_header(("authorization", value));
        let answer = world.call(request).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthenticated"), "{value}");
    }
}

#[actix_web::test]
async fn a_user_reads_themselves_and_an_admin_reads_anyone() {
    let world = World::new().await;
    let path = format!("/api/users/{}", world.grace.id);
    for reader in [&world.grace, &world.ada] {
        let answer = world.get(reader, &path).await;
        assert_eq!((answer.status, answer.json()["userName"].as_str()), (200, Some("grace")));
    }
}

#[actix_web::test]
async fn others_get_403_whether_or_not_the_person_exists() {
    let world = World::new().await;
    let there = world.get(&world.linus, &format!("/api/users/{}", world.grace.id)).await;
    let nobody = world.get(&world.linus, "/api/users/01900000-0000-7000-8000-000000000000").await;
    assert_snapshot!(there.show(), @r#"
    403
    content-type: application/problem+json

    {
      "detail": "the caller's role or scopes do not allow this",
      "instance": "[request]",
      "status": 403,
      "title": "The caller may not do that",
      "type": "urn:muster:problem:forbidden"
    }
    "#);
    assert_eq!(there.show(), nobody.show());
}

#[actix_web::test]
async fn an_unknown_person_is_404_to_an_admin() {
    let world = World::new().await;
    let answer = world.get(&world.ada, "/api/users/01900000-0000-7000-8000-000000000000").await;
    assert_snapshot!(answer.show(), @r#"
    404
    content-type: application/problem+json

    {
      "detail": "there is no such user",
      "instance": "[request]",
      "status": 404,
      "title": "There is nothing here",
      "type": "urn:muster:problem:not-found"
    }
    "#);
}

#[actix_web::test]
async fn a_profile_cannot_be_written() {
    let world = World::new().await;
    for path in ["/api/users/me".to_owned(), format!("/api/users/{}", world.grace.id)] {
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
            let answer = world.ask(&world.grace, method.clone(), &path, json!({ "email": "new@example.com" })).await;
            assert_eq!(answer.problem(), "method-not-allowed", "{method} {path}");
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn an_admin_lists_people_page_by_page() {
    let world = World::new().await;
    let first = world.get(&world.ada, "/api/users?limit=2").await;
    assert_snapshot!(first.show(), @r#"
    200
    content-type: application/json
    link: </api/users?limit=2&cursor=dWdyYWNl>; rel="next"

    {
      "items": [
        {
          "active": true,
          "canBeOnCall": false,
          "displayName": "ada Example",
          "email": "ada@example.com",
          "id": "01a20320-a200-7563-9618-6a5b440196a4",
          "role": "admin",
          "teams": [],
          "userName": "ada"
        },
        {
          "active": true,
          "canBeOnCall": false,
          "displayName": "grace Example",
          "email": "grace@example.com",
          "id": "01a20320-a200-7e23-a324-5aa232a9e247",
          "role": "user",
          "teams": [
            {
              "id": "01a20320-a200-7c7f-bec9-a273d2e17079",
              "name": "Platform",
              "role": "responder"
            }
          ],
          "userName": "grace"
        }
      ],
      "nextCursor": "dWdyYWNl"
    }
    "#);
    let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
    let second = world.get(&world.ada, &format!("/api/users?limit=2&cursor={cursor}")).await;
    assert_snapshot!(second.show(), @r#"
    200
    content-type: application/json

    {
      "items": [
        {
          "active": true,
          "canBeOnCall": false,
          "displayName": "linus Example",
          "email": "linus@example.com",
          "id": "01a20320-a200-7ec5-ac22-07ee48d3b6e3",
          "role": "user",
          "teams": [],
          "userName": "linus"
        }
      ],
      "nextCursor": null
    }
    "#);
}

#[actix_web::test]
async fn the_list_filters() {
    let world = World::new().await;
    let team = world.get(&world.grace, "/api/users/me").await.json()["teams"][0]["id"].as_str().unwrap().to_owned();
    world.add(world.make.user("gone").deactivated()).await;
    for (filter, expected) in [
        ("q=GRA".to_owned(), vec!["grace"]),
        ("q=%25".to_owned(), vec![]),
        ("role=admin".to_owned(), vec!["ada"]),
        ("active=false".to_owned(), vec!["gone"]),
        (format!("teamId={team}"), vec!["grace"]),
        ("canBeOnCall=true".to_owned(), vec![]),
        ("role=user&active=true".to_owned(), vec!["grace", "linus"]),
    ] {
        let answer = world.get(&world.ada, &format!("/api/users?{filter}")).await;
        let body = answer.json();
        let names: Vec<&str> =
            body["items"].as_array().unwrap().iter().map(|user| user["userName"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{filter}");
    }
}

#[actix_web::test]
async fn a_user_may_not_list_people() {
    let world = World::new().await;
    let answer = world.get(&world.grace, "/api/users").await;
    assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"));
}

#[actix_web::test]
async fn an_admin_changes_a_role_and_it_is_recorded() {
    let world = World::new().await;
    let path = format!("/api/users/{}/role", world.grace.id);
    let answer = world.ask(&world.ada, Method::PATCH, &path, json!({ "role": "admin" })).await;
    assert_eq!((answer.status, answer.json()["role"].as_str()), (200, Some("admin")));
    let event = world.last_event();
    assert_eq!(event.action, "role.changed");
    assert_eq!(event.origin.actor, user_actor(&world.ada));
    assert_eq!(event.subject, Some(world.grace.id));
    assert_eq!(event.details, json!({ "from": "user", "to": "admin" }));
    assert_eq!(event.origin.request_id.as_deref(), answer.header("x-request-id"));
    assert_ne!(event.origin.actor, Actor::Anonymous);
    assert_eq!(world.get(&world.grace, "/api/users").await.status, 200, "the role counts from the next request on");
}

#[actix_web::test]
async fn the_last_active_admin_cannot_be_demoted() {
    let world = World::new().await;
    let path = format!("/api/users/{}/role", world.ada.id);
    let answer = world.ask(&world.ada, Method::PATCH, &path, json!({ "role": "user" })).await;
    assert_snapshot!(answer.show(), @r#"
    409
    content-type: application/problem+json

    {
      "detail": "make somebody else an admin first",
      "instance": "[request]",
      "status": 409,
      "title": "The last active admin cannot be demoted",
      "type": "urn:muster:problem:last-admin"
    }
    "#);
}

#[actix_web::test]
async fn a_user_may_not_change_roles() {
    let world = World::new().await;
    let path = format!("/api/users/{}/role", world.grace.id);
    let answer = world.ask(&world.grace, Method::PATCH, &path, json!({ "role": "admin" })).await;
    assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"));
}

#[actix_web::test]
async fn an_unknown_role_names_the_field() {
    let world = World::new().await;
    let path = format!("/api/users/{}/role", world.grace.id);
    let answer = world.ask(&world.ada, Method::PATCH, &path, json!({ "role": "owner" })).await;
    assert_snapshot!(answer.show(), @r#"
    422
    content-type: application/problem+json

    {
      "detail": "role must be admin or user",
      "errors": [
        {
          "detail": "must be admin or user",
          "field": "role"
        }
      ],
      "instance": "[request]",
      "status": 422,
      "title": "The input breaks rules",
      "type": "urn:muster:problem:validation-failed"
    }
    "#);
    assert_eq!(world.ask(&world.ada, Method::PATCH, &path, Value::Null).await.problem(), "malformed-request");
}
