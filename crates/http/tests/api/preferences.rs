use actix_web::http::Method;
use insta::assert_snapshot;
use muster_domain::user::User;
use serde_json::{Value, json};

use crate::world::World;

const PATH: &str = "/api/notifications/preferences";

fn document() -> Value {
    json!({
        "channels": { "email": true, "sms": false, "push": true },
        "rules": {
            "critical": [{ "channel": "push", "afterMinutes": 0 }, { "channel": "email", "afterMinutes": 2 }],
            "high": [{ "channel": "push", "afterMinutes": 0 }],
            "medium": [], "low": [], "info": []
        },
        "quietHours": { "start": "22:00", "end": "07:00", "timeZone": "Europe/London", "days": ["mon", "tue"] }
    })
}

#[actix_web::test]
async fn someone_who_chose_nothing_has_the_defaults() {
    let world = World::new().await;
    let answer = world.get(&world.grace, PATH).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json
    etag: "0"

    {
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
    }
    "#);
}

#[actix_web::test]
async fn a_replacement_is_answered_with_its_etag_and_recorded_with_before_and_after() {
    let world = World::new().await;
    let answer = world.ask(&world.grace, Method::PUT, PATH, document()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
    assert_eq!(answer.json(), document());
    let event = world.last_event();
    assert_eq!(event.action, "preferences.updated");
    assert_eq!(event.details["after"], document());
    assert_eq!(event.details["before"]["quietHours"], Value::Null);
    assert_eq!(world.get(&world.grace, PATH).await.json(), document());
}

#[actix_web::test]
async fn the_same_document_again_changes_and_records_nothing() {
    let world = World::new().await;
    world.ask(&world.grace, Method::PUT, PATH, document()).await;
    let before = world.store.audit_trail().len();
    let answer = world.ask(&world.grace, Method::PUT, PATH, document()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
    assert_eq!(world.actions_since(before), Vec::<String>::new());
}

#[actix_web::test]
async fn if_match_is_honoured() {
    let world = World::new().await;
    world.ask(&world.grace, Method::PUT, PATH, document()).await;
    let mut changed = document();
    changed["quietHours"] = Value::Null;
    for stale in ["\"0\"", "\"+1\"", "\"7\"", "W/\"1\"", "\"x\""] {
        let request = world.request(&world.grace, Method::PUT, PATH, changed.clone());
        let answer = world.call(request.insert_header(("if-match", stale))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (412, "precondition-failed"), "{stale}");
    }
    assert_eq!(world.get(&world.grace, PATH).await.json(), document());
    for good in ["\"4\", \"1\"", "*"] {
        let request = world.request(&world.grace, Method::PUT, PATH, changed.clone());
        assert_eq!(world.call(request.insert_header(("if-match", good))).await.status, 200, "{good}");
    }
}

#[actix_web::test]
async fn a_client_that_has_the_document_is_not_sent_it_again() {
    let world = World::new().await;
    let request =
        |tag: &str| world.request(&world.grace, Method::GET, PATH, Value::Null).insert_header(("if-none-match", tag));
    for known in ["\"0\"", "W/\"0\"", "\"7\", \"0\"", "*"] {
        let answer = world.call(request(known)).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{known}");
        assert_eq!(answer.header("etag"), Some("\"0\""));
    }
    assert_eq!(world.call(request("\"1\"")).await.status, 200);
}

#[actix_web::test]
async fn critical_alerts_cannot_be_silenced() {
    let world = World::new().await;
    let mut silenced = document();
    silenced["channels"] = json!({ "email": false, "sms": true, "push": false });
    let answer = world.ask(&world.grace, Method::PUT, PATH, silenced).await;
    assert_snapshot!(answer.show(), @r#"
    422
    content-type: application/problem+json

    {
      "detail": "rules.critical must have at least one step whose channel is enabled, here and on this server: critical alerts cannot be silenced",
      "errors": [
        {
          "detail": "must have at least one step whose channel is enabled, here and on this server: critical alerts cannot be silenced",
          "field": "rules.critical"
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
async fn each_fault_names_its_field() {
    let world = World::new().await;
    let cases: &[(&str, Value, &str)] = &[
        ("/rules/critical/0/afterMinutes", json!(1441), "rules.critical[0].afterMinutes"),
        ("/rules/critical/0/afterMinutes", json!(-1), "rules.critical[0].afterMinutes"),
        ("/rules/critical/0/afterMinutes", json!("0"), "rules.critical[0].afterMinutes"),
        ("/rules/critical/0/channel", json!("fax"), "rules.critical[0].channel"),
        ("/rules/high", json!(null), "rules.high"),
        ("/rules/high", json!([{ "channel": "push", "afterMinutes": 0, "sound": "loud" }]), "rules.high[0].sound"),
        ("/rules/high", json!(vec![json!({ "channel": "push", "afterMinutes": 0 }); 2]), "rules.high[1]"),
        ("/channels/email", json!(1), "channels.email"),
        ("/channels", json!({ "email": true, "sms": true }), "channels.push"),
        ("/quietHours/start", json!("24:00"), "quietHours.start"),
        ("/quietHours/end", json!("22:00"), "quietHours.end"),
        ("/quietHours/timeZone", json!("Mars/Olympus"), "quietHours.timeZone"),
        ("/quietHours/days", json!([]), "quietHours.days"),
        ("/quietHours/days", json!(["mon", "mon"]), "quietHours.days[1]"),
        ("/quietHours/days/0", json!("Monday"), "quietHours.days[0]"),
    ];
    for (pointer, value, field) in cases {
        let mut broken = document();
        *broken.pointer_mut(pointer).unwrap() = value.clone();
        let answer = world.ask(&world.grace, Method::PUT, PATH, broken).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![(*field).to_owned()]), "{pointer} = {value}");
    }
    let mut incomplete = document();
    incomplete.as_object_mut().unwrap().remove("quietHours");
    assert_eq!(world.ask(&world.grace, Method::PUT, PATH, incomplete).await.fields(), ["quietHours"]);
}

#[actix_web::test]
async fn a_profile_shows_no_time_zone_that_preferences_refuse() {
    let world = World::new().await;
    for (given, shown) in [
        ("W. Europe Standard Time", json!("Europe/Berlin")),
        ("europe/london", json!("Europe/London")),
        ("Mars/Olympus", Value::Null),
    ] {
        let user = world.make.user(&format!("zone{}", given.len())).build();
        let user = world.add(world.make.edit(&User { time_zone: Some(given.to_owned()), ..user })).await;
        let answer = world.get(&world.ada, &format!("/api/users/{}", user.id)).await;
        let profile: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(profile["timeZone"], shown, "{given}");
    }
}
