//! What Entra ID's provisioning service sends.

use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, id_of};

fn grace() -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "grace@entra.example",
        "active": true,
        "displayName": "Grace Hopper",
        "emails": [{"primary": true, "type": "work", "value": "grace@entra.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Grace Hopper", "familyName": "Hopper", "givenName": "Grace"},
        "phoneNumbers": [{"type": "mobile", "value": "+1 202 555 0101"}, {"type": "work", "value": "+1 202 555 0102"}],
        "preferredLanguage": "en-US",
        "roles": [],
        "title": "Rear admiral",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Navy", "employeeNumber": "7"},
    })
}

#[tokio::test]
async fn connection_is_tested_and_people_are_matched_by_external_id() {
    let world = World::new();
    let miss = world.get("/Users?filter=userName eq \"1ab5e1b8-non-existing-user\"").await;
    assert_eq!((&miss["totalResults"], &miss["Resources"]), (&json!(0), &json!([])));
    world.add(grace()).await;
    let filter = "/Users?filter=externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"";
    assert_eq!(world.names(filter).await, ["grace@entra.example"]);
    let work = "/Users?filter=emails[type eq \"work\"].value eq \"GRACE@entra.example\"";
    assert_eq!(world.names(work).await, ["grace@entra.example"]);
    let work = "/Users?filter=emails[type eq \"work\" and value eq \"GRACE@entra.example\"]";
    assert_eq!(world.names(work).await, ["grace@entra.example"]);
}

#[rstest]
#[case::work_email(json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "g@entra.example"}]),
    "/emails/0/value", json!("g@entra.example"))]
#[case::added_instead_of_replaced(json!([{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "g@entra.example"}]),
    "/emails/0/value", json!("g@entra.example"))]
#[case::primary_email(json!([{"op": "Replace", "path": "emails[primary eq true].value", "value": "g@entra.example"}]),
    "/emails/0/value", json!("g@entra.example"))]
#[case::mobile(json!([{"op": "Replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+44 7400 123456"}]),
    "/phoneNumbers/0/value", json!("+44 7400 123456"))]
#[case::work_phone_stands_behind(json!([{"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+44 7400 123456"}]),
    "/phoneNumbers/0/value", json!("+1 202 555 0101"))]
#[case::family_name(json!([{"op": "Replace", "path": "name.familyName", "value": "Murray"}]),
    "/name", json!({"givenName": "Grace", "familyName": "Murray"}))]
#[case::flattened(json!([{"op": "replace", "value": {
        "name.givenName": "G", "emails[type eq \"work\"].value": "g@entra.example",
        "urn:ietf:params:scim:schemas:core:2.0:User:displayName": "G H"}}]),
    "/displayName", json!("G H"))]
#[case::whole_schema(json!([{"op": "Add", "value": {"urn:ietf:params:scim:schemas:core:2.0:User": {"timezone": "Asia/Tokyo"}}}]),
    "/timezone", json!("Asia/Tokyo"))]
#[case::language(json!([{"op": "Replace", "path": "preferredLanguage", "value": "ja-JP, en"}]), "/locale", json!("ja-JP"))]
#[case::disabled(json!([{"op": "Replace", "path": "active", "value": "False"}]), "/active", json!(false))]
#[case::disabled_in_a_list(json!([{"op": "Replace", "path": "active", "value": ["False"]}]), "/active", json!(false))]
#[case::not_kept(json!([
        {"op": "Add", "path": "title", "value": "Admiral"},
        {"op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "1 Main"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Navy"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
         "value": [{"$ref": "../Users/1", "value": "1"}]},
        {"op": "Remove", "path": "roles"},
        {"op": "Replace", "path": "displayName", "value": "GH"}]),
    "/displayName", json!("GH"))]
#[case::emptied(json!([{"op": "Remove", "path": "phoneNumbers[type eq \"mobile\"].value"}]), "/phoneNumbers", Value::Null)]
#[case::removed(json!([{"op": "Remove", "path": "externalId"}]), "/externalId", Value::Null)]
#[tokio::test]
async fn patch_does_what_it_means(#[case] operations: Value, #[case] place: &str, #[case] expected: Value) {
    let world = World::new();
    let path = world.add(grace()).await;
    let patched = world.patched(&path, operations).await;
    assert_eq!(patched.pointer(place).unwrap_or(&Value::Null), &expected, "{patched}");
    assert_eq!(patched["userName"], "grace@entra.example");
}

#[tokio::test]
async fn first_values_are_made_by_a_path_with_a_type() {
    let world = World::new();
    let path = world.add_named("grace").await;
    let patched = world
        .patched(
            &path,
            json!([
                {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "grace@entra.example"},
                {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+12025550102"},
                {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+12025550101"},
                {"op": "Add", "path": "name.givenName", "value": "Grace"},
            ]),
        )
        .await;
    assert_eq!(patched["emails"][0]["value"], "grace@entra.example");
    assert_eq!(patched["phoneNumbers"], json!([{"value": "+12025550101", "type": "mobile", "primary": true}]));
    assert_eq!(patched["name"]["givenName"], "Grace");
}

#[tokio::test]
async fn members_come_and_go_as_values() {
    let world = World::new();
    let (ada, grace) = (world.add_named("ada").await, world.add_named("grace").await);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Night",
        "meta": {"resourceType": "Group"},
    });
    let added = world.call("POST", "/Groups?excludedAttributes=members", body).await;
    assert_eq!(added.status, 201);
    let group = format!("/Groups/{}", added.body["id"].as_str().unwrap());
    let member = |path: &str| json!({"$ref": null, "value": id_of(path)});
    let add =
        world.patch(&group, json!([{"op": "Add", "path": "members", "value": [member(&ada), member(&grace)]}])).await;
    assert_eq!((add.status, &add.body, add.etag.as_deref()), (204, &Value::Null, Some("W/\"2\"")));
    assert_eq!(world.members(&group).await.len(), 2);
    world.patched(&group, json!([{"op": "Remove", "path": "members", "value": [member(&ada)]}])).await;
    assert_eq!(world.members(&group).await, [id_of(&grace)]);
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "Day"}]);
    assert_eq!(world.patched(&group, rename).await["displayName"], "Day");
    let listed = world.get("/Groups?excludedAttributes=members&filter=displayName eq \"day\"").await;
    assert!(listed["Resources"][0].get("members").is_none());
    assert_eq!(listed["Resources"][0]["externalId"], "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159");
}
