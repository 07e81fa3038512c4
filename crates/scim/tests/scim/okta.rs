//! What Okta's client sends, in its order.

use serde_json::json;

use crate::world::{World, id_of};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

fn ada() -> serde_json::Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@okta.example",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": true, "value": "ada@okta.example", "type": "work"}],
        "phoneNumbers": [{"primary": true, "value": "+1 (202) 555-0100", "type": "mobile"}],
        "displayName": "Ada Lovelace",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[tokio::test]
async fn person_is_looked_for_and_added() {
    let world = World::new();
    let miss = world.get("/Users?filter=userName eq \"ada@okta.example\"&startIndex=1&count=100").await;
    assert_eq!(
        miss,
        json!({"schemas": [LIST], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []})
    );
    let added = world.call("POST", "/Users", ada()).await;
    assert_eq!(added.status, 201);
    let id = added.body["id"].as_str().unwrap();
    assert_eq!(added.location.unwrap(), format!("https://muster.example/scim/v2/Users/{id}"));
    assert_eq!(added.etag.as_deref(), Some("W/\"1\""));
    let mut shown = added.body.clone();
    let meta = shown.as_object_mut().unwrap().remove("meta").unwrap();
    assert_eq!(
        shown,
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": id,
            "externalId": "00ujl29u0le5T6Aj10h7",
            "userName": "ada@okta.example",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "displayName": "Ada Lovelace",
            "emails": [{"value": "ada@okta.example", "type": "work", "primary": true}],
            "phoneNumbers": [{"value": "+1 (202) 555-0100", "type": "mobile", "primary": true}],
            "locale": "en-US",
            "active": true,
        })
    );
    assert_eq!((&meta["resourceType"], &meta["version"]), (&json!("User"), &json!("W/\"1\"")));
    let found = world.get("/Users?filter=userName eq \"ADA@okta.example\"").await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]), (&json!(1), &added.body));
    let again = world.call("POST", "/Users", ada()).await;
    assert_eq!((again.status, again.scim_type()), (409, "uniqueness"));
}

#[tokio::test]
async fn put_changes_a_person_as_a_whole() {
    let world = World::new();
    let path = world.add(ada()).await;
    let mut whole = world.get(&path).await;
    whole["name"]["familyName"] = json!("King");
    whole.as_object_mut().unwrap().remove("phoneNumbers");
    let put = world.call("PUT", &path, whole).await;
    assert_eq!((put.status, put.etag.as_deref()), (200, Some("W/\"2\"")));
    assert_eq!(put.body["name"]["familyName"], "King");
    assert!(put.body.get("phoneNumbers").is_none());
    assert_eq!(world.get(&path).await, put.body);
}

#[tokio::test]
async fn leaver_is_deactivated_by_a_patch_without_a_path_and_comes_back() {
    let world = World::new();
    let path = world.add(ada()).await;
    let gone = world.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!((gone.status, &gone.body["active"]), (200, &json!(false)));
    let back = world.patched(&path, json!([{"op": "replace", "value": {"active": "true", "id": id_of(&path)}}])).await;
    assert_eq!(back["active"], true);
    // Saying it again writes nothing.
    let trail = world.store.audit_trail();
    let again = world.patch(&path, json!([{"op": "replace", "value": {"active": true}}])).await;
    assert_eq!((again.status, again.etag.as_deref()), (200, Some("W/\"3\"")));
    assert_eq!(world.store.audit_trail(), trail);
}

#[tokio::test]
async fn group_is_pushed_renamed_filled_and_emptied() {
    let world = World::new();
    let (ada, grace) = (world.add_named("ada").await, world.add_named("grace").await);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Night shift",
        "members": [{"value": id_of(&ada), "display": "ada"}],
    });
    let added = world.call("POST", "/Groups", body.clone()).await;
    assert_eq!(added.status, 201);
    assert_eq!(
        added.body["members"],
        json!([{
            "value": id_of(&ada), "$ref": format!("https://muster.example/scim/v2{ada}"), "type": "User",
        }])
    );
    let again = world.call("POST", "/Groups", body).await;
    assert_eq!((again.status, again.scim_type()), (409, "uniqueness"));
    let group = format!("/Groups/{}", added.body["id"].as_str().unwrap());
    let renamed =
        world.patched(&group, json!([{"op": "replace", "value": {"id": id_of(&group), "displayName": "Night"}}])).await;
    assert_eq!((&renamed["displayName"], &renamed["meta"]["version"]), (&json!("Night"), &json!("W/\"2\"")));
    let swap = json!([
        {"op": "remove", "path": format!("members[value eq \"{}\"]", id_of(&ada))},
        {"op": "add", "path": "members", "value": [{"value": id_of(&grace), "display": "grace"}]},
    ]);
    world.patched(&group, swap).await;
    assert_eq!(world.members(&group).await, [id_of(&grace)]);
    let both =
        json!([{"op": "replace", "path": "members", "value": [{"value": id_of(&ada)}, {"value": id_of(&grace)}]}]);
    world.patched(&group, both).await;
    assert_eq!(world.members(&group).await.len(), 2);
    let whole = json!({"id": id_of(&group), "displayName": "Night", "members": []});
    assert_eq!(world.call("PUT", &group, whole).await.status, 200);
    assert!(world.members(&group).await.is_empty());
    assert_eq!(world.names("/Groups?filter=displayName eq \"night\"").await, ["Night"]);
    assert_eq!(world.call("DELETE", &group, json!(null)).await.status, 204);
    assert_eq!(world.call("GET", &group, json!(null)).await.status, 404);
}
