use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::world::{BASE, World};

/// Attributes and their parts, by name.
fn listed(attributes: &Value) -> BTreeMap<String, &Value> {
    let mut listed = BTreeMap::new();
    for attribute in attributes.as_array().unwrap() {
        let name = attribute["name"].as_str().unwrap();
        listed.insert(name.to_owned(), attribute);
        let parts = attribute["subAttributes"].as_array().into_iter().flatten();
        listed.extend(parts.map(|part| (format!("{name}.{}", part["name"].as_str().unwrap()), part)));
    }
    listed
}

/// The names of those that say that they are shown.
fn names(attributes: &Value) -> BTreeSet<String> {
    let listed = listed(attributes);
    listed.into_iter().filter(|(_, attribute)| attribute["returned"] != "never").map(|(name, _)| name).collect()
}

/// The names of what a resource shows beyond what all resources have.
fn shown(resource: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, value) in resource.as_object().unwrap() {
        if ["schemas", "id", "externalId", "meta"].contains(&name.as_str()) {
            continue;
        }
        names.insert(name.clone());
        let parts = value.as_array().map_or(value, |list| &list[0]);
        names.extend(parts.as_object().into_iter().flatten().map(|(part, _)| format!("{name}.{part}")));
    }
    names
}

#[tokio::test]
async fn schemas_advertise_exactly_what_is_shown() {
    let world = World::new();
    let user = world
        .add(json!({
            "userName": "ada", "name": {"givenName": "Ada", "familyName": "L"}, "displayName": "Ada", "active": true,
            "emails": [{"value": "ada@example.com"}], "phoneNumbers": [{"value": "1"}],
            "timezone": "Europe/London", "locale": "en-GB", "title": "Countess", "nickName": "A",
        }))
        .await;
    let group = world.add_group("Night", &[&user]).await;
    let schemas = world.get("/Schemas").await;
    assert_eq!(schemas["totalResults"], 2);
    for (schema, path) in schemas["Resources"].as_array().unwrap().iter().zip([&user, &group]) {
        let resource = world.get(path).await;
        assert_eq!(resource["schemas"], json!([schema["id"]]));
        assert_eq!(names(&schema["attributes"]), shown(&resource));
        let own = format!("/Schemas/{}", schema["id"].as_str().unwrap());
        assert_eq!(&world.get(&own).await, schema);
        assert_eq!(schema["meta"]["location"], format!("{BASE}{own}"));
    }
    assert_eq!(world.call("GET", "/Schemas/urn:nobody", Value::Null).await.status, 404);
}

/// A client that builds itself from `/Schemas` can hold what RFC 7643 has of people, and knows what becomes of it.
#[tokio::test]
async fn schemas_list_the_core_attributes_that_are_not_shown_and_say_so() {
    let world = World::new();
    let user = world.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").await;
    let listed = listed(&user["attributes"]);
    for name in ["name.formatted", "preferredLanguage"] {
        let (mutability, returned) = (&listed[name]["mutability"], &listed[name]["returned"]);
        assert_eq!((mutability, returned), (&json!("writeOnly"), &json!("never")), "{name} is read, and not shown");
    }
    let passed_over = "nickName profileUrl title userType password ims ims.value photos photos.value photos.display \
        addresses addresses.formatted addresses.streetAddress addresses.locality addresses.region \
        addresses.postalCode addresses.country groups groups.value groups.$ref groups.display entitlements.value \
        roles.primary x509Certificates.value name.middleName name.honorificPrefix name.honorificSuffix \
        emails.display phoneNumbers.display";
    for name in passed_over.split_whitespace() {
        let attribute = &listed[name];
        let (mutability, returned) = (&attribute["mutability"], &attribute["returned"]);
        assert_eq!((mutability, returned), (&json!("readOnly"), &json!("never")), "{name}");
        assert!(attribute["description"].as_str().unwrap().contains("passed over"), "{attribute}");
    }
    let group = world.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group").await;
    assert!(group.to_string().contains("passed over"), "members.display is");
}

#[tokio::test]
async fn resource_types_name_their_endpoints_and_schemas() {
    let world = World::new();
    let types = world.get("/ResourceTypes").await;
    for resource_type in types["Resources"].as_array().unwrap() {
        let name = resource_type["name"].as_str().unwrap();
        assert_eq!(&world.get(&format!("/ResourceTypes/{name}")).await, resource_type);
        assert_eq!(world.get(resource_type["endpoint"].as_str().unwrap()).await["totalResults"], 0);
        world.get(&format!("/Schemas/{}", resource_type["schema"].as_str().unwrap())).await;
    }
    assert_eq!(world.call("GET", "/ResourceTypes/Device", Value::Null).await.status, 404);
}

#[tokio::test]
async fn configuration_says_what_is_done() {
    let world = World::new();
    let config = world.get("/ServiceProviderConfig").await;
    for (feature, supported) in
        [("patch", true), ("bulk", false), ("filter", true), ("changePassword", false), ("sort", true), ("etag", true)]
    {
        assert_eq!(config[feature]["supported"], supported, "{feature}");
    }
    for name in 0..201 {
        world.add_named(&format!("user{name:03}")).await;
    }
    let page = world.get("/Users?count=1000&sortBy=userName").await;
    assert_eq!((&page["itemsPerPage"], &page["totalResults"]), (&config["filter"]["maxResults"], &json!(201)));
}
