use muster_domain::directory::BrakePolicy;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, id_of};

#[tokio::test]
async fn what_is_left_out_of_a_put_is_gone_but_for_external_id_and_active() {
    let world = World::new();
    let path = world
        .add(json!({
            "userName": "ada", "externalId": "x1", "active": false, "locale": "en-GB", "timezone": "Europe/London",
            "name": {"givenName": "Ada"}, "emails": [{"value": "ada@example.com"}],
        }))
        .await;
    let put = world.call("PUT", &path, json!({"userName": "ada"})).await.body;
    assert_eq!((&put["externalId"], &put["active"]), (&json!("x1"), &json!(false)));
    assert_eq!(put["displayName"], "ada", "made of what there is");
    for gone in ["locale", "timezone", "name", "emails"] {
        assert!(put.get(gone).is_none(), "{gone}");
    }
    for none in [Value::Null, json!("")] {
        world.call("PUT", &path, json!({"userName": "ada", "externalId": "x2"})).await;
        let put = world.call("PUT", &path, json!({"userName": "ada", "EXTERNALID": none})).await.body;
        assert!(put.get("externalId").is_none());
    }
}

#[tokio::test]
async fn phone_that_is_no_number_is_kept_as_it_is() {
    let world = World::new();
    let path = world.add(json!({"userName": "ada", "phoneNumbers": [{"value": "ext. 12", "type": "work"}]})).await;
    assert_eq!(world.get(&path).await["phoneNumbers"][0]["value"], "ext. 12");
    let local = json!([{"op": "replace", "path": "phoneNumbers", "value": [{"value": "07400 123456"}]}]);
    assert_eq!(world.patched(&path, local).await["phoneNumbers"][0]["value"], "07400 123456");
    assert_eq!(world.names("/Users?filter=phoneNumbers.value eq \"+447400123456\"").await, ["ada"]);
}

#[tokio::test]
async fn a_contact_that_is_none_is_read_back_and_keeps_nobody_active() {
    let world = World::new();
    let path = world.add_named("ada").await;
    let leaver = json!({
        "userName": "ada", "active": false, "emails": [{ "value": "ada@nowhere" }],
        "phoneNumbers": [{ "value": "\u{202d}+1 415 555 267O\u{202c}", "type": "mobile" }],
    });
    for _ in 0..2 {
        let put = world.call("PUT", &path, leaver.clone()).await;
        assert_eq!((put.status, &put.body["active"]), (200, &json!(false)), "{}", put.detail());
        assert_eq!(put.body["emails"][0]["value"], "ada@nowhere");
        assert_eq!(put.body["phoneNumbers"][0]["value"], "+1 415 555 267O");
        assert_eq!(put.body["meta"]["version"], "W/\"2\"", "the second time nothing changes");
    }
    let back = world.patched(&path, json!([{ "op": "replace", "path": "active", "value": true }])).await;
    assert_eq!(back["emails"][0]["value"], "ada@nowhere", "another change leaves it as it is");
}

#[rstest]
#[case::added_primary(json!({"op": "add", "path": "emails", "value": [{"value": "b@x.io", "type": "home", "primary": true}]}), "b@x.io")]
#[case::added_for_work(json!({"op": "add", "path": "emails", "value": [{"value": "b@x.io", "type": "Work"}]}), "b@x.io")]
#[case::added_without_a_type(json!({"op": "add", "path": "emails", "value": {"value": "b@x.io"}}), "b@x.io")]
#[case::added_as_text(json!({"op": "add", "path": "emails", "value": "b@x.io"}), "b@x.io")]
#[case::added_for_home(json!({"op": "add", "path": "emails", "value": [{"value": "b@x.io", "type": "home"}]}), "a@x.io")]
#[case::added_by_path_for_home(json!({"op": "add", "path": "emails[type eq \"home\"].value", "value": "b@x.io"}), "a@x.io")]
#[case::replaced(json!({"op": "replace", "path": "EMAILS", "value": [{"value": "b@x.io", "type": "home"}]}), "b@x.io")]
#[case::replaced_value(json!({"op": "replace", "path": "emails.value", "value": "b@x.io"}), "b@x.io")]
#[case::replaced_by_its_value(json!({"op": "replace", "path": "emails[value eq \"A@X.io\"]", "value": {"value": "b@x.io"}}), "b@x.io")]
#[case::removed(json!({"op": "remove", "path": "emails"}), "")]
#[case::replaced_by_none(json!({"op": "replace", "path": "emails", "value": []}), "")]
#[case::replaced_by_null(json!({"op": "replace", "value": {"emails": null}}), "")]
#[case::removed_by_filter(json!({"op": "remove", "path": "emails[type eq \"work\" and primary eq \"True\"]"}), "")]
#[case::removed_by_value(json!({"op": "remove", "path": "emails", "value": [{"value": "A@x.io"}]}), "")]
#[case::removed_another(json!({"op": "remove", "path": "emails", "value": [{"value": "c@x.io"}]}), "a@x.io")]
#[case::removed_none(json!({"op": "remove", "path": "emails[type eq \"home\"]"}), "a@x.io")]
#[case::of_no_use(json!({"op": "add", "path": "emails.display", "value": "A"}), "a@x.io")]
#[tokio::test]
async fn of_the_addresses_that_a_patch_makes_one_is_kept(#[case] operation: Value, #[case] kept: &str) {
    let world = World::new();
    let path = world.add(json!({"userName": "ada", "emails": [{"value": "a@x.io"}]})).await;
    let patched = world.patched(&path, json!([operation])).await;
    assert_eq!(patched.pointer("/emails/0/value").and_then(Value::as_str).unwrap_or_default(), kept);
}

#[rstest]
#[case::given_name(json!({"op": "replace", "path": "name.givenName", "value": "Augusta"}), json!({"givenName": "Augusta", "familyName": "L"}))]
#[case::merged(json!({"op": "replace", "path": "name", "value": {"FAMILYNAME": "King"}}), json!({"givenName": "Ada", "familyName": "King"}))]
#[case::part_removed(json!({"op": "remove", "path": "name.familyName"}), json!({"givenName": "Ada"}))]
#[case::part_null(json!({"op": "add", "value": {"name": {"familyName": null}}}), json!({"givenName": "Ada"}))]
#[case::removed(json!({"op": "remove", "path": "name"}), Value::Null)]
#[case::formatted(json!({"op": "add", "path": "name.formatted", "value": "Ada L"}), json!({"givenName": "Ada", "familyName": "L"}))]
#[tokio::test]
async fn name_changes_part_by_part(#[case] operation: Value, #[case] expected: Value) {
    let world = World::new();
    let path = world.add(json!({"userName": "ada", "name": {"givenName": "Ada", "familyName": "L"}})).await;
    assert_eq!(world.patched(&path, json!([operation])).await.get("name").unwrap_or(&Value::Null), &expected);
}

#[rstest]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "locale", "value": "a language tag that is far too long to be one"}]), "invalidValue")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "active", "value": "maybe"}]), "invalidValue")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "userName", "value": ""}]), "invalidValue")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "remove", "path": "userName"}]), "mutability")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "id", "value": "1"}]), "mutability")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "meta.version", "value": "1"}]), "mutability")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "remove", "path": "schemas"}]), "mutability")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "value": {"id": "another"}}]), "mutability")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "emails[value eq \"b@x.io\"].value", "value": "c@x.io"}]), "noTarget")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "remove"}]), "noTarget")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "userName[type eq \"x\"]", "value": "b"}]), "invalidPath")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "add", "path": "emails[", "value": "c"}]), "invalidPath")]
#[case(json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "userName", "value": "grace"}]), "uniqueness")]
#[tokio::test]
async fn patch_that_fails_half_way_changes_nothing(#[case] operations: Value, #[case] scim_type: &str) {
    let world = World::new();
    world.add_named("GRACE").await;
    let path = world.add(json!({"userName": "ada", "emails": [{"value": "a@x.io"}]})).await;
    let (before, trail) = (world.get(&path).await, world.store.audit_trail());
    let reply = world.patch(&path, operations).await;
    let status = if scim_type == "uniqueness" { 409 } else { 400 };
    assert_eq!((reply.status, reply.scim_type()), (status, scim_type), "{}", reply.detail());
    assert_eq!((world.get(&path).await, world.store.audit_trail()), (before, trail));
}

#[tokio::test]
async fn read_only_attributes_that_are_sent_along_are_passed_over() {
    let world = World::new();
    let path = world.add_named("ada").await;
    let mut whole = world.get(&path).await;
    whole["locale"] = json!("en-GB");
    whole["meta"]["version"] = json!("W/\"99\"");
    assert_eq!(world.patched(&path, json!([{"op": "add", "value": whole}])).await["locale"], "en-GB");
    let same = json!([{"op": "replace", "path": "id", "value": id_of(&path)}]);
    assert_eq!(world.patch(&path, same).await.status, 200);
}

#[tokio::test]
async fn changes_are_made_to_the_version_that_if_match_names() {
    let world = World::new();
    let path = world.add_named("ada").await;
    let change = json!({"Operations": [{"op": "replace", "path": "locale", "value": "en-GB"}]});
    for (method, body) in [("PUT", json!({"userName": "b"})), ("PATCH", change.clone()), ("DELETE", Value::Null)] {
        for stale in ["W/\"2\"", "\"0\"", "nonsense"] {
            let reply = world.conditional(method, &path, body.clone(), Some(stale)).await;
            assert_eq!((reply.status, reply.body["status"].as_str()), (412, Some("412")), "{method} {stale}");
        }
    }
    let done = world.conditional("PATCH", &path, change, Some("W/\"7\", W/\"1\"")).await;
    assert_eq!((done.status, done.etag.as_deref()), (200, Some("W/\"2\"")));
    assert_eq!(world.conditional("PUT", &path, json!({"userName": "ada"}), Some("*")).await.status, 200);
    assert_eq!(world.conditional("DELETE", &path, Value::Null, Some("W/\"3\"")).await.status, 204);
}

#[tokio::test]
async fn version_that_the_client_has_is_not_sent_again() {
    let world = World::new();
    let path = world.add_named("ada").await;
    let same = world.conditional("GET", &path, Value::Null, Some("\"1\"")).await;
    assert_eq!((same.status, same.body, same.etag.as_deref()), (304, Value::Null, Some("W/\"1\"")));
    assert_eq!(world.conditional("GET", &path, Value::Null, Some("W/\"2\"")).await.status, 200);
}

#[tokio::test]
async fn who_is_removed_is_gone_and_the_name_is_free() {
    let world = World::new();
    let path = world.add(json!({"userName": "ada", "externalId": "x"})).await;
    let group = world.add_group("Night", &[&path]).await;
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let body = json!({"userName": "ada", "Operations": [{"op": "remove", "path": "locale"}]});
        assert_eq!(world.call(method, &path, body).await.status, 404, "{method}");
    }
    assert!(world.members(&group).await.is_empty());
    assert_ne!(world.add(json!({"userName": "ada", "externalId": "x"})).await, path);
}

#[tokio::test]
async fn more_leavers_than_the_brake_lets_through_are_told_to_wait() {
    let world = World::with_brake(BrakePolicy { percent: 1, free: 1 });
    let (ada, grace, linus) =
        (world.add_named("ada").await, world.add_named("grace").await, world.add_named("linus").await);
    let leave = json!([{"op": "replace", "value": {"active": false}}]);
    assert_eq!(world.patch(&ada, leave.clone()).await.status, 200);
    for reply in [world.patch(&grace, leave).await, world.call("DELETE", &linus, Value::Null).await] {
        assert_eq!((reply.status, reply.retry_after), (429, Some(300)));
        assert!(reply.detail().contains("muster directory release"), "{}", reply.detail());
    }
    assert_eq!(world.get("/Users?filter=active eq true").await["totalResults"], 2);
}

#[tokio::test]
async fn reading_changes_nothing() {
    let world = World::new();
    let path = world.add_named("ada").await;
    let group = world.add_group("Night", &[&path]).await;
    let trail = world.store.audit_trail();
    for read in [&path, &group, "/Users?filter=userName pr", "/Groups?sortBy=displayName", "/Schemas"] {
        world.get(read).await;
    }
    assert_eq!(world.store.audit_trail(), trail);
    assert_eq!(world.get(&path).await["meta"]["version"], "W/\"1\"");
}
