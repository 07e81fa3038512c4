//! Reading a person's profile and records is for the person, the admins of a team that the person is in, platform admins and
//! services alone.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use muster_domain::audit::{DirectoryFeed, Origin};
use muster_domain::directory::{DirectoryRecord, DirectoryStore, RawRecord};
use muster_domain::team::{Member, TeamRole};
use muster_domain::user::User;
use serde_json::{Value, json};
use time::Duration;

use crate::world::World;

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

fn audit_of(user: &User) -> String {
    format!("/api/users/{}/audit", user.id)
}

fn actions(body: &Value) -> Vec<&str> {
    body["items"].as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect()
}

/// A new team of these people.
async fn add_team(world: &World, name: &str, members: &[(&User, TeamRole)]) {
    let members: Vec<Member> = members.iter().map(|(user, role)| Member { user_id: user.id, role: *role }).collect();
    let event = world.make.event("test.team.created", None);
    world.store.insert_team(&world.make.team(name), &members, &[event]).await.unwrap();
}

/// The same in the order of the alphabet where several are of one moment, for the order of those says nothing.
fn settled(body: &Value) -> Vec<&str> {
    let mut items: Vec<&Value> = body["items"].as_array().unwrap().iter().collect();
    items.sort_by_key(|event| (std::cmp::Reverse(event["at"].as_str()), event["action"].as_str()));
    items.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

/// Grace, who has proven her phone number, signed in on a phone, become an admin of her team and got another number, a
/// minute apart each.
async fn eventful() -> World {
    let world = World::new().await;
    let tick = || world.make.clock.advance(Duration::minutes(1));
    tick();
    assert_eq!(world.prove(&world.grace, "sms").await.status, 200);
    tick();
    let request = world.request(&world.grace, Method::POST, "/api/mobile/token", json!({}));
    let request = request.insert_header(("user-agent", "Muster/1.0")).peer_addr("192.0.2.7:4711".parse().unwrap());
    assert_eq!(world.call(request).await.status, 201);
    tick();
    let path = format!("/api/users/{}/role", world.grace.id);
    for role in ["admin", "user"] {
        let request = world.request(&world.ada, Method::PATCH, &path, json!({ "role": role }));
        let request = request.insert_header(("user-agent", "curl/8.5.0")).peer_addr("192.0.2.8:4711".parse().unwrap());
        assert_eq!(world.call(request).await.status, 200);
    }
    tick();
    let record = RawRecord {
        user_name: Some("grace".to_owned()),
        email: Some("grace@example.com".to_owned()),
        phone: Some("+12025550143".to_owned()),
        ..RawRecord::default()
    };
    let record = DirectoryRecord::parse(record, None).unwrap();
    world.api.scim.directory.apply_record(&record, DirectoryFeed::Scim, &Origin::system("test")).await.unwrap();
    world
}

#[actix_web::test]
async fn a_person_reads_their_own_records_newest_first_and_page_by_page() {
    let world = eventful().await;
    let expected = [
        "contact.verification.lost",
        "scim.user.updated",
        "role.changed",
        "role.changed",
        "session.issued",
        "contact.verification.completed",
        "contact.verification.opened",
        "contact.verification.sent",
        "test.user.created",
    ];
    let mut path = format!("{}?limit=4", audit_of(&world.grace));
    let mut all = Vec::new();
    loop {
        let answer = world.get(&world.grace, &path).await;
        let body = answer.json();
        all.extend(body["items"].as_array().unwrap().clone());
        let Some(cursor) = body["nextCursor"].as_str() else { break };
        path = format!("{}?limit=4&cursor={cursor}", audit_of(&world.grace));
        assert_eq!(answer.header("link"), Some(format!("<{path}>; rel=\"next\"").as_str()));
    }
    assert!(all.is_sorted_by(|newer, older| newer["at"].as_str() >= older["at"].as_str()));
    assert_eq!(settled(&json!({ "items": all })), expected);
    for (filter, found) in [
        ("action=session.issued", vec!["session.issued"]),
        ("from=2026-11-22T12:03:00Z&to=2026-11-22T12:04:00Z", vec!["role.changed", "role.changed"]),
        ("action=no.such", vec![]),
    ] {
        let page = world.get(&world.grace, &format!("{}?{filter}", audit_of(&world.grace))).await;
        assert_eq!(actions(&page.json()), found, "{filter}");
    }
    for unknown in ["userId", "actorId", "page"] {
        let answer = world.get(&world.grace, &format!("{}?{unknown}={}", audit_of(&world.grace), world.grace.id)).await;
        assert_eq!(answer.fields(), [unknown]);
    }
}

#[actix_web::test]
async fn the_history_of_channels_tells_of_a_proof_that_was_made_and_lost() {
    let world = eventful().await;
    let page = world.get(&world.grace, &format!("{}?area=channels", audit_of(&world.grace))).await;
    let body = page.json();
    let expected = [
        "contact.verification.lost",
        "scim.user.updated",
        "contact.verification.completed",
        "contact.verification.opened",
        "contact.verification.sent",
    ];
    assert_eq!(settled(&body), expected);
    let of = |action: &str| {
        body["items"].as_array().unwrap().iter().find(|event| event["action"] == action).unwrap()["details"].clone()
    };
    assert_eq!(of("contact.verification.lost"), json!({ "method": "sms", "reason": "destinationChanged" }));
    assert_eq!(of("contact.verification.completed")["destination"], "***0100");
    assert!(!page.text.contains("+1202") && !page.text.contains("grace@"), "{}", page.text);
    let both =
        world.get(&world.grace, &format!("{}?area=channels&action=session.issued", audit_of(&world.grace))).await;
    assert_eq!(actions(&both.json()), [""; 0]);
    assert_eq!(world.get(&world.grace, &format!("{}?area=all", audit_of(&world.grace))).await.fields(), ["area"]);
}

#[actix_web::test]
async fn the_admin_of_a_team_reads_its_members_and_the_admin_of_another_does_not() {
    let world = eventful().await;
    let other = world.add(world.make.user("other")).await;
    add_team(&world, "Night", &[(&world.linus, TeamRole::TeamAdmin), (&world.grace, TeamRole::Observer)]).await;
    add_team(&world, "Day", &[(&other, TeamRole::TeamAdmin), (&world.linus, TeamRole::Responder)]).await;
    let profile = format!("/api/users/{}", world.grace.id);
    let shown = world.get(&world.linus, &profile).await;
    assert_eq!(shown.json(), world.get(&world.ada, &profile).await.json());
    assert_eq!(actions(&world.get(&world.linus, &audit_of(&world.grace)).await.json()).len(), 9);
    for path in [profile, audit_of(&world.grace)] {
        assert_eq!(world.get(&other, &path).await.problem(), "forbidden", "{path}");
    }
    // A member reads nothing of the one who is their admin, nor of somebody in no team of theirs.
    for path in [audit_of(&world.linus), format!("/api/users/{}", world.linus.id), audit_of(&world.ada)] {
        assert_eq!(world.get(&world.grace, &path).await.problem(), "forbidden", "{path}");
    }
    // Until they lose the role.
    let team = world.get(&world.ada, "/api/teams").await.json();
    let night = team["items"].as_array().unwrap().iter().find(|team| team["name"] == "Night").unwrap();
    let place = format!("/api/teams/{}/members/{}", night["id"].as_str().unwrap(), world.linus.id);
    world.ask(&world.ada, Method::PATCH, &place, json!({ "role": "responder" })).await;
    assert_eq!(world.get(&world.linus, &audit_of(&world.grace)).await.problem(), "forbidden");
}

#[actix_web::test]
async fn where_others_called_from_is_for_admins() {
    let world = eventful().await;
    add_team(&world, "Night", &[(&world.linus, TeamRole::TeamAdmin), (&world.grace, TeamRole::Observer)]).await;
    let path = format!("{}?from=2026-11-22T12:02:00Z&to=2026-11-22T12:04:00Z", audit_of(&world.grace));
    let mut shown = Vec::new();
    for reader in [&world.ada, &world.grace, &world.linus] {
        let body = world.get(reader, &path).await.json();
        for event in body["items"].as_array().unwrap() {
            let by = if event["actor"]["id"] == world.grace.id.to_string() { "Grace" } else { "Ada" };
            assert!(event["requestId"].is_string());
            let (action, ip, agent) = (event["action"].as_str().unwrap(), &event["ip"], &event["userAgent"]);
            shown.push(format!("{} reads {action} by {by}: {ip}, {agent}", reader.user_name));
        }
    }
    assert_snapshot!(shown.join("\n"), @r#"
    ada reads role.changed by Ada: "192.0.2.8", "curl/8.5.0"
    ada reads role.changed by Ada: "192.0.2.8", "curl/8.5.0"
    ada reads session.issued by Grace: "192.0.2.7", "Muster/1.0"
    grace reads role.changed by Ada: null, null
    grace reads role.changed by Ada: null, null
    grace reads session.issued by Grace: "192.0.2.7", "Muster/1.0"
    linus reads role.changed by Ada: null, null
    linus reads role.changed by Ada: null, null
    linus reads session.issued by Grace: null, null
    "#);
}

/// The answer to a stranger does not tell whether a person exists.
#[actix_web::test]
async fn whether_somebody_exists_is_told_to_those_who_may_read_anybody() {
    let world = World::new().await;
    add_team(&world, "Night", &[(&world.linus, TeamRole::TeamAdmin)]).await;
    let ada = audit_of(&world.ada);
    let (unknown, malformed) = (format!("/api/users/{NOBODY}/audit"), "/api/users/me/audit");
    let hidden = world.get(&world.linus, &ada).await;
    for path in [unknown.as_str(), malformed, "/api/users/me/audit?area=nonsense"] {
        let answer = world.get(&world.linus, path).await;
        assert_eq!(
            (answer.problem(), &answer.json()["detail"]),
            (hidden.problem(), &hidden.json()["detail"]),
            "{path}"
        );
    }
    assert_eq!(world.get(&world.ada, &unknown).await.problem(), "not-found");
    assert_eq!(world.get(&world.ada, malformed).await.fields(), ["id"]);
    // Somebody who is on record, of whom nothing is told in that time.
    let early = world.get(&world.ada, &format!("{ada}?to=2020-01-01T00:00:00Z")).await;
    assert_eq!((early.status, actions(&early.json())), (200, vec![]));
}

#[actix_web::test]
async fn a_service_reads_records_with_the_scope_of_the_trail() {
    let world = eventful().await;
    for (scope, status) in [("audit:read", 200), ("users:read", 403)] {
        let new = json!({ "name": scope, "scopes": [scope] });
        let key = world.post(&world.ada, "/api/keys", new).await.json()["key"].as_str().unwrap().to_owned();
        let request = TestRequest::get()
            .uri(&format!("{}?action=role.changed&limit=1&to=2026-11-22T12:03:01Z", audit_of(&world.grace)));
        let answer = world.call(request.insert_header(("authorization", format!("Bearer {key}")))).await;
        assert_eq!(answer.status, status, "{scope}");
        if status == 200 {
            assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1);
        }
    }
}
