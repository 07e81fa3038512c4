use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, id_of};

const NOBODY: &str = "01a20320-a200-7e23-a324-5aa232a9e247";

fn both_of(people: [&str; 2]) -> BTreeSet<String> {
    people.into_iter().map(|person| id_of(person).to_owned()).collect()
}

#[tokio::test]
async fn members_who_are_not_on_record_are_left_out_and_the_others_are_taken() {
    let world = World::new();
    let (ada, grace) = (world.add_named("ada").await, world.add_named("grace").await);
    let members = |people: &[&str]| people.iter().map(|id| json!({ "value": id })).collect::<Value>();
    let both = members(&[id_of(&ada), NOBODY]);
    let made = world.call("POST", "/Groups", json!({ "displayName": "Night", "members": both })).await;
    assert_eq!(made.status, 201, "{}", made.detail());
    let group = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    assert_eq!(world.members(&group).await, [id_of(&ada)]);

    let operations = json!([{ "op": "add", "path": "members", "value": members(&[NOBODY, id_of(&grace)]) }]);
    assert_eq!(world.patch(&group, operations).await.status, 204);
    assert_eq!(world.members(&group).await.into_iter().collect::<BTreeSet<_>>(), both_of([&ada, &grace]));

    let whole = json!({ "displayName": "Night", "members": members(&[NOBODY, id_of(&grace)]) });
    assert_eq!(world.call("PUT", &group, whole).await.status, 200);
    assert_eq!(world.members(&group).await, [id_of(&grace)]);
}

#[rstest]
#[case::malformed(json!([{"value": "00u1"}]), "invalidValue")]
#[case::without_value(json!([{"display": "ada"}]), "invalidValue")]
#[case::text(json!(["ada"]), "invalidValue")]
#[case::number(json!(7), "invalidValue")]
#[case::group(json!([{"value": NOBODY, "type": "Group"}]), "invalidValue")]
#[tokio::test]
async fn member_who_is_no_user_is_refused_and_nothing_is_written(#[case] members: Value, #[case] scim_type: &str) {
    let world = World::new();
    let ada = world.add_named("ada").await;
    let group = world.add_group("Night", &[&ada]).await;
    let trail = world.store.audit_trail();
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "Day"},
        {"op": "remove", "path": format!("members[value eq \"{}\"]", id_of(&ada))},
        {"op": "add", "path": "members", "value": members},
    ]);
    for reply in [
        world.call("POST", "/Groups", json!({"displayName": "Other", "members": members})).await,
        world.call("PUT", &group, json!({"displayName": "Other", "members": members})).await,
        world.patch(&group, operations).await,
    ] {
        assert_eq!((reply.status, reply.scim_type()), (400, scim_type), "{}", reply.detail());
        assert!(reply.detail().contains("members"), "{}", reply.detail());
    }
    assert_eq!(world.store.audit_trail(), trail);
    assert_eq!(
        (world.members(&group).await, world.names("/Groups").await),
        (vec![id_of(&ada).to_owned()], vec!["Night".to_owned()])
    );
}

#[tokio::test]
async fn group_cannot_hold_itself() {
    let world = World::new();
    let group = world.add_group("Night", &[]).await;
    for (member, status) in
        [(json!({"value": id_of(&group)}), 204), (json!({"value": id_of(&group), "type": "Group"}), 400)]
    {
        let reply = world.patch(&group, json!([{"op": "add", "path": "members", "value": [member]}])).await;
        assert_eq!(reply.status, status, "{}", reply.detail());
        assert!(world.members(&group).await.is_empty());
    }
}

#[tokio::test]
async fn member_who_is_named_twice_is_one() {
    let world = World::new();
    let ada = world.add_named("ada").await;
    let group = world.add_group("Night", &[&ada, &ada]).await;
    let member = json!({"value": id_of(&ada).to_uppercase(), "type": "user"});
    world.patched(&group, json!([{"op": "add", "path": "members", "value": [member, member]}])).await;
    assert_eq!(world.members(&group).await, [id_of(&ada)]);
    assert_eq!(world.get(&group).await["meta"]["version"], "W/\"1\"", "nothing changed");
}

/// Each with who is in the group afterwards, of `a`, who was, `b`, who was, and `c`.
#[rstest]
#[case(json!([{"op": "add", "value": {"members": [{"value": "c"}]}}]), "abc")]
#[case(json!([{"op": "replace", "value": {"members": [{"value": "c"}]}}]), "c")]
#[case(json!([{"op": "add", "path": "members", "value": {"value": "c"}}]), "abc")]
#[case(json!([{"op": "remove", "path": "members"}]), "")]
#[case(json!([{"op": "replace", "path": "members", "value": null}]), "")]
#[case(json!([{"op": "remove", "path": "members", "value": []}]), "ab")]
#[case(json!([{"op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]"}]), "")]
#[case(json!([{"op": "remove", "path": "members[type eq \"User\" and value eq \"b\"]"}]), "a")]
#[case(json!([{"op": "remove", "path": "members[value eq \"a\" and value eq \"b\"]"}]), "ab")]
#[case(json!([{"op": "remove", "path": "members[type eq \"Group\"]"}]), "ab")]
#[case(json!([{"op": "remove", "path": "members[value pr]"}]), "")]
#[case(json!([{"op": "remove", "path": "members[value eq \"nobody\"]"}]), "ab")]
#[case(json!([{"op": "remove", "path": "members[value eq \"c\"]"}]), "ab")]
#[case(json!([{"op": "replace", "path": "members[value eq \"a\"]", "value": {"value": "c"}}]), "bc")]
#[case(json!([{"op": "add", "path": "members", "value": [{"value": "c"}]}, {"op": "remove", "path": "members[value eq \"c\"]"}]), "ab")]
#[case(json!([{"op": "remove", "path": "members[value eq \"a\"]"}, {"op": "add", "path": "members", "value": [{"value": "a"}]}]), "ab")]
#[case(json!([{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "c"}]},
    {"op": "remove", "path": "members[value eq \"c\"]"}]), "a")]
#[case(json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members", "value": [{"value": "c"}]}]), "abc")]
#[tokio::test]
async fn operations_on_members_are_done_in_order(#[case] operations: Value, #[case] expected: &str) {
    let world = World::new();
    let mut people = Vec::new();
    for name in ["a", "b", "c"] {
        people.push((name, world.add_named(name).await));
    }
    let group = world.add_group("Night", &[&people[0].1, &people[1].1]).await;
    let mut operations = operations.to_string();
    for (name, path) in &people {
        for quote in ["\"", "\\\""] {
            operations =
                operations.replace(&format!("{quote}{name}{quote}"), &format!("{quote}{}{quote}", id_of(path)));
        }
    }
    world.patched(&group, serde_json::from_str(&operations).unwrap()).await;
    let members = world.members(&group).await;
    let names = people.iter().filter(|(_, path)| members.iter().any(|id| id == id_of(path))).map(|(name, _)| *name);
    assert_eq!(names.collect::<String>(), expected);
}

#[rstest]
#[case(json!([{"op": "remove", "path": "displayName"}]), "mutability")]
#[case(json!([{"op": "replace", "path": "id", "value": NOBODY}]), "mutability")]
#[case(json!([{"op": "replace", "value": {"id": NOBODY, "displayName": "Day"}}]), "mutability")]
#[case(json!([{"op": "replace", "path": "members[value eq \"1\"].value", "value": NOBODY}]), "mutability")]
#[case(json!([{"op": "replace", "path": "displayName", "value": " "}]), "invalidValue")]
#[case(json!([{"op": "replace", "path": "displayName", "value": 7}]), "invalidValue")]
#[case(json!([{"op": "replace", "path": "displayName.x", "value": "Day"}]), "invalidPath")]
#[case(json!([{"op": "add", "path": "members[value eq \"1\"]", "value": []}]), "invalidPath")]
#[case(json!([{"op": "remove", "path": "members[not (value eq \"01a20320-a200-7e23-a324-5aa232a9e247\")]"}]), "invalidFilter")]
#[case(json!([{"op": "remove", "path": "members[display eq \"ada\"]"}]), "invalidFilter")]
#[tokio::test]
async fn patch_of_a_group_that_means_nothing_is_refused(#[case] operations: Value, #[case] scim_type: &str) {
    let world = World::new();
    let group = world.add_group("Night", &[]).await;
    let reply = world.patch(&group, operations).await;
    assert_eq!((reply.status, reply.scim_type()), (400, scim_type), "{}", reply.detail());
    assert_eq!(world.get(&group).await["meta"]["version"], "W/\"1\"");
}

#[tokio::test]
async fn external_id_stays_until_it_is_taken_away() {
    let world = World::new();
    let group = world.add_group("Night", &[]).await;
    let named = json!({"displayName": "Night", "externalId": "g1"});
    assert_eq!(world.call("PUT", &group, named).await.body["externalId"], "g1");
    assert_eq!(world.call("PUT", &group, json!({"displayName": "Night"})).await.body["externalId"], "g1");
    let reply = world.patch(&group, json!([{"op": "add", "path": "members", "value": []}])).await;
    assert_eq!((reply.status, reply.etag.as_deref()), (204, Some("W/\"2\"")));
    for operation in
        [json!({"op": "remove", "path": "externalId"}), json!({"op": "replace", "value": {"externalId": ""}})]
    {
        world.patched(&group, json!([{"op": "add", "path": "externalId", "value": "g2"}])).await;
        assert!(world.patched(&group, json!([operation])).await.get("externalId").is_none());
    }
    world.patched(&group, json!([{"op": "add", "path": "externalId", "value": "g2"}])).await;
    let put = world.call("PUT", &group, json!({"displayName": "Night", "externalId": null})).await;
    assert!(put.body.get("externalId").is_none());
}

#[tokio::test]
async fn preconditions_hold_for_groups() {
    let world = World::new();
    let group = world.add_group("Night", &[]).await;
    let patch = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "Day"}]});
    for (method, body) in [("PUT", json!({"displayName": "Day"})), ("PATCH", patch), ("DELETE", Value::Null)] {
        assert_eq!(world.conditional(method, &group, body, Some("W/\"2\"")).await.status, 412, "{method}");
    }
    assert_eq!(world.conditional("GET", &group, Value::Null, Some("*")).await.status, 304);
    assert_eq!(world.conditional("DELETE", &group, Value::Null, Some("W/\"1\"")).await.status, 204);
}

#[tokio::test]
async fn patch_answers_with_what_it_is_asked_for() {
    let world = World::new();
    let ada = world.add_named("ada").await;
    let group = world.add_group("Night", &[&ada]).await;
    let patch = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "Day"}]});
    let named = world.call("PATCH", &format!("{group}?attributes=displayName"), patch.clone()).await;
    assert_eq!(named.status, 200);
    assert_eq!(
        named.body,
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": id_of(&group), "displayName": "Day"})
    );
    let whole = world.call("PATCH", &format!("{group}?excludedAttributes=meta"), patch).await;
    assert_eq!(whole.body["members"][0]["value"], id_of(&ada));
}

#[tokio::test]
async fn two_thousand_members_are_no_burden() {
    let world = World::new();
    let mut members = Vec::new();
    for number in 0..2_000 {
        members.push(json!({"value": id_of(&world.add_named(&format!("user{number}")).await)}));
    }
    let begun = Instant::now();
    let last = members.pop().unwrap();
    let added = world.call("POST", "/Groups", json!({"displayName": "All", "members": members})).await;
    assert_eq!((added.status, added.body["members"].as_array().unwrap().len()), (201, 1_999));
    let group = format!("/Groups/{}", added.body["id"].as_str().unwrap());
    world.patched(&group, json!([{"op": "add", "path": "members", "value": [last]}])).await;
    members.push(last);
    world.patched(&group, json!([{"op": "replace", "path": "members", "value": members}])).await;
    assert_eq!(world.members(&group).await.len(), 2_000);
    world.patched(&group, json!([{"op": "remove", "path": "members", "value": members}])).await;
    assert!(world.members(&group).await.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
