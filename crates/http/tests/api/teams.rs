use actix_web::http::Method;
use insta::assert_snapshot;
use muster_domain::directory::DirectoryStore;
use muster_domain::team::{Member, Team, TeamRole};
use muster_domain::user::User;
use muster_domain::verification::{ChannelSet, SendLimits};
use serde_json::{Value, json};

use crate::world::{World, user_actor};

const NOWHERE: &str = "01900000-0000-7000-8000-000000000000";

async fn add_team(world: &World, team: Team, members: &[(&User, TeamRole)]) -> String {
    let members: Vec<Member> = members.iter().map(|(user, role)| Member { user_id: user.id, role: *role }).collect();
    world.store.insert_team(&team, &members, &[world.make.event("test.team.created", None)]).await.unwrap();
    format!("/api/teams/{}", team.id)
}

async fn role(world: &World, by: &User, path: &str, role: &str) -> (u16, Value) {
    let answer = world.ask(by, Method::PATCH, path, json!({ "role": role })).await;
    (answer.status, answer.json()["role"].clone())
}

#[actix_web::test]
async fn any_user_lists_teams_page_by_page() {
    let world = World::new().await;
    add_team(&world, world.make.team("night"), &[]).await;
    add_team(&world, Team { active: false, ..world.make.team("Closed") }, &[]).await;
    let first = world.get(&world.linus, "/api/teams?limit=1").await;
    assert_snapshot!(first.show(), @r#"
    200
    content-type: application/json
    link: </api/teams?limit=1&cursor=dG5pZ2h0>; rel="next"

    {
      "items": [
        {
          "id": "01a20320-a200-7d82-874e-5dfd462f3539",
          "memberCount": 0,
          "name": "night",
          "onCallCount": 0,
          "syncedFromDirectory": true
        }
      ],
      "nextCursor": "dG5pZ2h0"
    }
    "#);
    let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
    let second = world.get(&world.linus, &format!("/api/teams?limit=1&cursor={cursor}")).await.json();
    assert_eq!((second["items"][0]["name"].as_str(), &second["nextCursor"]), (Some("Platform"), &Value::Null));
}

#[actix_web::test]
async fn any_user_sees_who_of_a_team_can_be_on_call_and_what_is_missing() {
    let only_email = ChannelSet::of([muster_domain::verification::Method::Email]).unwrap();
    let world = World::with_limits(only_email, SendLimits::default()).await;
    let gone = world.add(world.make.user("gone").deactivated()).await;
    let members = [(&world.grace, TeamRole::Responder), (&world.ada, TeamRole::TeamAdmin), (&gone, TeamRole::Observer)];
    let path = add_team(&world, world.make.team("Night"), &members).await;
    world.prove(&world.grace, "email").await;
    let answer = world.get(&world.linus, &path).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "id": "01a20320-a200-769c-8cf2-1d843ae012c3",
      "members": [
        {
          "active": true,
          "canBeOnCall": false,
          "displayName": "ada Example",
          "id": "01a20320-a200-7563-9618-6a5b440196a4",
          "missing": [
            "email"
          ],
          "role": "team_admin",
          "userName": "ada"
        },
        {
          "active": false,
          "canBeOnCall": false,
          "displayName": "gone Example",
          "id": "01a20320-a200-7539-a115-ef0f2178c1a2",
          "missing": [
            "email"
          ],
          "role": "observer",
          "userName": "gone"
        },
        {
          "active": true,
          "canBeOnCall": true,
          "displayName": "grace Example",
          "id": "01a20320-a200-7e23-a324-5aa232a9e247",
          "missing": [],
          "role": "responder",
          "userName": "grace"
        }
      ],
      "name": "Night",
      "syncedFromDirectory": true
    }
    "#);
    let teams = world.get(&world.linus, "/api/teams").await.json();
    let night = &teams["items"][0];
    assert_eq!((&night["memberCount"], &night["onCallCount"]), (&json!(2), &json!(1)));
}

#[actix_web::test]
async fn a_team_that_is_unknown_or_inactive_is_404() {
    let world = World::new().await;
    let closed = add_team(&world, Team { active: false, ..world.make.team("Closed") }, &[]).await;
    for path in [closed, format!("/api/teams/{NOWHERE}")] {
        let answer = world.get(&world.linus, &path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{path}");
    }
}

#[actix_web::test]
async fn a_team_admin_gives_a_role_and_it_is_recorded() {
    let world = World::new().await;
    let members = [(&world.grace, TeamRole::TeamAdmin), (&world.linus, TeamRole::Observer)];
    let team = world.make.team("Night");
    let path = format!("{}/members/{}", add_team(&world, team.clone(), &members).await, world.linus.id);
    let answer = world.ask(&world.grace, Method::PATCH, &path, json!({ "role": "responder" })).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "active": true,
      "canBeOnCall": false,
      "displayName": "linus Example",
      "id": "01a20320-a200-7ec5-ac22-07ee48d3b6e3",
      "missing": [
        "email",
        "sms",
        "push"
      ],
      "role": "responder",
      "userName": "linus"
    }
    "#);
    let event = world.last_event();
    assert_eq!((event.action.as_str(), event.subject), ("team.role.changed", Some(world.linus.id)));
    assert_eq!(event.origin.actor, user_actor(&world.grace));
    assert_eq!(event.details, json!({ "teamId": team.id, "from": "observer", "to": "responder" }));

    // The role that they have changes nothing.
    let before = world.store.audit_trail().len();
    assert_eq!(role(&world, &world.grace, &path, "responder").await, (200, json!("responder")));
    assert_eq!(world.actions_since(before), [""; 0]);
}

#[actix_web::test]
async fn a_team_admin_who_was_demoted_gives_no_more_roles() {
    let world = World::new().await;
    let members = [(&world.grace, TeamRole::TeamAdmin), (&world.linus, TeamRole::TeamAdmin)];
    let team = add_team(&world, world.make.team("Night"), &members).await;
    let [grace, linus] = [&world.grace, &world.linus].map(|user| format!("{team}/members/{}", user.id));
    assert_eq!(role(&world, &world.ada, &linus, "team_admin").await.0, 200, "an admin need not be in the team");
    assert_eq!(role(&world, &world.grace, &linus, "observer").await.0, 200);
    assert_eq!(role(&world, &world.linus, &grace, "observer").await.0, 403);
    assert_eq!(role(&world, &world.linus, &linus, "team_admin").await.0, 403);
}

#[actix_web::test]
async fn others_get_403_whether_or_not_there_is_such_a_member_and_admins_get_404() {
    let world = World::new().await;
    let team = add_team(&world, world.make.team("Night"), &[(&world.grace, TeamRole::Responder)]).await;
    let closed = Team { active: false, ..world.make.team("Closed") };
    let closed = add_team(&world, closed, &[(&world.grace, TeamRole::TeamAdmin)]).await;
    let nowhere = format!("/api/teams/{NOWHERE}");
    for (team, user, to_admin) in [
        (&team, world.grace.id.to_string(), 200),
        (&team, world.linus.id.to_string(), 404),
        (&team, NOWHERE.to_owned(), 404),
        (&closed, world.grace.id.to_string(), 404),
        (&nowhere, world.grace.id.to_string(), 404),
    ] {
        let path = format!("{team}/members/{user}");
        for other in [&world.grace, &world.linus] {
            assert_eq!(role(&world, other, &path, "observer").await.0, 403, "{path}");
        }
        assert_eq!(role(&world, &world.ada, &path, "observer").await.0, to_admin, "{path}");
    }
}

#[actix_web::test]
async fn what_is_malformed_is_named() {
    let world = World::new().await;
    let team = add_team(&world, world.make.team("Night"), &[]).await;
    let good = json!({ "role": "observer" });
    for (path, body, field) in [
        ("/api/teams/1/members/2".to_owned(), good.clone(), "id"),
        (format!("{team}/members/2"), good, "userId"),
        (format!("{team}/members/{NOWHERE}"), json!({ "role": "owner" }), "role"),
        (format!("{team}/members/{NOWHERE}"), json!({}), "role"),
        (format!("{team}/members/{NOWHERE}"), json!({ "role": "observer", "by": 1 }), "by"),
    ] {
        let answer = world.ask(&world.ada, Method::PATCH, &path, body).await;
        assert_eq!(answer.fields(), [field], "{path}");
    }
    for (path, field) in [
        ("/api/teams/1", "id"),
        ("/api/teams?limit=0", "limit"),
        ("/api/teams?cursor=dWdyYWNl", "cursor"),
        ("/api/teams?q=night", "q"),
    ] {
        assert_eq!(world.get(&world.ada, path).await.fields(), [field], "{path}");
    }
}
