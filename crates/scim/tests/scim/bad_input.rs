use muster_testkit::MemoryStore;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::World;

#[rstest]
#[case::unknown("nickName eq \"x\"", "nickName")]
#[case::unknown_part("name.middleName pr", "name.middleName")]
#[case::unknown_in_brackets("emails[display eq \"x\"]", "emails.display")]
#[case::unknown_brackets("addresses[type eq \"work\"]", "addresses")]
#[case::extension("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"x\"", "department")]
#[case::no_parts("name pr", "name")]
#[case::number("userName eq 7", "userName")]
#[case::truth("userName eq true", "userName")]
#[case::no_truth("active eq \"maybe\"", "active")]
#[case::order_of_truth("active gt true", "active")]
#[case::no_time("meta.created gt \"yesterday\"", "meta.created")]
#[case::part_of_a_time("meta.created sw \"2026\"", "meta.created")]
#[case::beyond_all_time("meta.created lt \"9999-12-31T23:59:59-23:59\"", "meta.created")]
#[case::order_of_ids("id gt \"1\"", "id")]
#[case::order_of_nothing("userName gt null", "userName")]
#[case::nul("userName eq \"a\\u0000\"", "userName")]
#[case::no_operator("userName \"x\"", "byte 9")]
#[case::no_value("userName eq", "byte")]
#[case::open("(userName pr", "byte")]
#[case::closed("userName pr)", "byte")]
#[case::unquoted("userName eq ada", "byte")]
#[case::escape("userName eq \"\\q\"", "filter")]
#[case::half_a_pair("userName eq \"\\ud800\"", "filter")]
#[tokio::test]
async fn filter_that_means_nothing_is_refused_with_what_is_wrong(#[case] filter: &str, #[case] named: &str) {
    let reply = World::new().call("GET", &format!("/Users?filter={filter}"), Value::Null).await;
    assert_eq!((reply.status, reply.scim_type()), (400, "invalidFilter"));
    assert!(reply.detail().contains(named), "{}", reply.detail());
}

#[rstest]
#[case::brackets(format!("{}userName pr{}", "(".repeat(5_000), ")".repeat(5_000)))]
#[case::nots(format!("{}userName pr{}", "not (".repeat(5_000), ")".repeat(5_000)))]
#[case::terms(vec!["userName pr"; 257].join(" or "))]
#[case::many_terms(vec!["userName pr"; 50_000].join(" and "))]
#[case::terms_within_brackets(format!("emails[{}]", vec!["type pr"; 300].join(" or ")))]
#[tokio::test]
async fn filter_that_is_too_deep_or_too_long_is_refused(#[case] filter: String) {
    let world = World::new();
    for endpoint in ["/Users", "/Groups"] {
        let filter = if endpoint == "/Users" { filter.clone() } else { filter.replace("userName", "displayName") };
        let reply = world.call("GET", &format!("{endpoint}?filter={filter}"), Value::Null).await;
        assert_eq!((reply.status, reply.scim_type()), (400, "invalidFilter"));
    }
}

#[tokio::test]
async fn batch_of_256_is_looked_up() {
    let world = World::new();
    world.add_named("user7").await;
    let filter: Vec<String> = (0..256).map(|number| format!("userName eq \"user{number}\"")).collect();
    assert_eq!(world.names(&format!("/Users?filter={}", filter.join(" or "))).await, ["user7"]);
}

#[rstest]
#[case("sortBy=nickName")]
#[case("sortBy=name")]
#[case("sortBy=emails[type eq \"work\"]")]
#[case("sortBy=(((")]
#[case("startIndex=first")]
#[case("count=1.5")]
#[case("sortOrder=sideways")]
#[tokio::test]
async fn query_that_means_nothing_is_an_invalid_value(#[case] query: &str) {
    let reply = World::new().call("GET", &format!("/Users?{query}"), Value::Null).await;
    assert_eq!((reply.status, reply.scim_type()), (400, "invalidValue"));
}

#[rstest]
#[case::nothing(b"".as_slice(), "invalidSyntax")]
#[case::cut_short(b"{\"userName\":", "invalidSyntax")]
#[case::list(b"[]", "invalidSyntax")]
#[case::text(b"\"ada\"", "invalidSyntax")]
#[case::not_utf8(b"{\"userName\":\"\xff\"}", "invalidSyntax")]
#[case::nobody(b"{}", "invalidValue")]
#[case::types(b"{\"userName\":{},\"name\":[],\"emails\":\"a\",\"active\":2}", "invalidValue")]
#[case::nul(b"{\"userName\":\"a\\u0000\"}", "invalidValue")]
#[tokio::test]
async fn body_that_is_no_user_is_refused(#[case] body: &[u8], #[case] scim_type: &str) {
    let world = World::new();
    let path = world.add_named("ada").await;
    for (method, path) in [("POST", "/Users"), ("PUT", &path)] {
        let reply = world.raw(method, path, body, None).await;
        assert_eq!((reply.status, reply.scim_type()), (400, scim_type), "{}", reply.detail());
        assert_eq!(reply.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(reply.body["status"], "400");
    }
    assert_eq!(world.names("/Users").await, ["ada"]);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_and_nobodys_data_is() {
    let body = json!({"userName": "x".repeat(300), "emails": [{"value": "secret@nowhere"}], "timezone": "z".repeat(65), "locale": "y".repeat(36)});
    let reply = World::new().call("POST", "/Users", body).await;
    for field in ["userName", "timezone", "locale"] {
        assert!(reply.detail().contains(field), "{}", reply.detail());
    }
    assert!(!reply.detail().contains("secret") && !reply.detail().contains("xxx"), "{}", reply.detail());
}

#[tokio::test]
async fn nesting_without_end_is_refused() {
    let world = World::new();
    let path = world.add_named("ada").await;
    let deep = format!("{{\"userName\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (method, path) in
        [("POST", "/Users"), ("PUT", &path), ("PATCH", &path), ("POST", "/Groups"), ("POST", "/.search")]
    {
        let reply = world.raw(method, path, deep.as_bytes(), None).await;
        assert_eq!((reply.status, reply.scim_type()), (400, "invalidSyntax"), "{method} {path}");
    }
    let operations =
        json!([{"op": "remove", "path": format!("emails[{}type pr{}]", "(".repeat(9_000), ")".repeat(9_000))}]);
    assert_eq!(world.patch(&path, operations).await.scim_type(), "invalidPath");
}

#[rstest]
#[case(json!({}), "invalidSyntax")]
#[case(json!({"Operations": null}), "invalidSyntax")]
#[case(json!({"Operations": {}}), "invalidSyntax")]
#[case(json!({"Operations": [7]}), "invalidSyntax")]
#[case(json!({"Operations": [{"value": {}}]}), "invalidSyntax")]
#[case(json!({"Operations": [{"op": "move", "path": "locale", "value": "x"}]}), "invalidSyntax")]
#[case(json!({"Operations": []}), "invalidSyntax")]
#[case(json!({"Operations": vec![json!({"op": "remove", "path": "locale"}); 1_001]}), "invalidValue")]
#[case(json!({"Operations": [{"op": "add", "path": "locale"}]}), "invalidValue")]
#[case(json!({"Operations": [{"op": "add", "value": "x"}]}), "invalidValue")]
#[case(json!({"Operations": [{"op": "replace", "value": null}]}), "invalidValue")]
#[case(json!({"Operations": [{"op": "remove", "value": {"locale": "x"}}]}), "noTarget")]
#[case(json!({"Operations": [{"op": "remove", "path": ""}]}), "invalidPath")]
#[case(json!({"Operations": [{"op": "remove", "path": 7}]}), "invalidPath")]
#[case(json!({"Operations": [{"op": "remove", "path": "name..givenName"}]}), "invalidPath")]
#[case(json!({"Operations": [{"op": "remove", "path": "emails[type eq work]"}]}), "invalidPath")]
#[tokio::test]
async fn patch_that_is_none_is_refused(#[case] body: Value, #[case] scim_type: &str) {
    let world = World::new();
    for path in [world.add_named("ada").await, world.add_group("Night", &[]).await] {
        let reply = world.call("PATCH", &path, body.clone()).await;
        assert_eq!((reply.status, reply.scim_type()), (400, scim_type), "{path} {}", reply.detail());
    }
}

#[rstest]
#[case("favouriteColour")]
#[case("name.nick")]
#[case("emails.colour")]
#[case("emails[type eq \"work\"].colour")]
#[case("locale.value")]
#[case("meta.colour")]
#[case("displayname.value")]
#[case("urn:ietf:params:scim:schemas:core:2.0:User:favouriteColour")]
#[case("urn:ietf:params:scim:schemas:core:2.0:Device:displayName")]
#[case("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:favouriteColour")]
#[case("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.colour")]
#[case("urn:example:params:scim:schemas:extension:custom:2.0:User:badge")]
#[tokio::test]
async fn path_that_is_no_attribute_of_a_known_schema_is_refused(#[case] path: &str) {
    let world = World::new();
    for resource in [world.add_named("ada").await, world.add_group("Night", &[]).await] {
        for op in ["add", "replace", "remove"] {
            let named = json!({"op": "replace", "path": "displayName", "value": "changed"});
            let reply = world.patch(&resource, json!([named, {"op": op, "path": path, "value": "x"}])).await;
            assert_eq!((reply.status, reply.scim_type()), (400, "invalidPath"), "{op} {}", reply.detail());
            assert_ne!(world.get(&resource).await["displayName"], "changed", "all or nothing");
        }
    }
}

/// What the schemas have and Muster does not keep.
#[rstest]
#[case("Title")]
#[case("addresses[type eq \"work\"].postalCode")]
#[case("roles[primary eq \"True\"].value")]
#[case("photos.type")]
#[case("name.middleName")]
#[case("x509Certificates")]
#[case("password")]
#[case("groups")]
#[case("urn:ietf:params:scim:schemas:core:2.0:User:userType")]
#[case("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")]
#[case("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter")]
#[case("URN:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager.value")]
#[tokio::test]
async fn path_of_what_is_not_kept_is_passed_over(#[case] path: &str) {
    let world = World::new();
    let ada = world.add_named("ada").await;
    let before = world.get(&ada).await;
    for op in ["add", "replace", "remove"] {
        let reply = world.patch(&ada, json!([{"op": op, "path": path, "value": "x"}])).await;
        assert_eq!(reply.status, 200, "{}", reply.detail());
    }
    assert_eq!(world.get(&ada).await["displayName"], before["displayName"]);
}

/// Without a path a PATCH is as lenient as a PUT.
#[tokio::test]
async fn unknown_name_in_an_object_is_passed_over() {
    let world = World::new();
    let ada = world.add_named("ada").await;
    let value = json!({"favouriteColour": "red", "urn:example:custom:2.0:User": {"badge": 1}, "displayName": "Ada"});
    assert_eq!(world.patched(&ada, json!([{"op": "replace", "value": value}])).await["displayName"], "Ada");
}

#[rstest]
#[case("1")]
#[case("")]
#[case("01A20320A2007E23A3245AA232A9E247")]
#[case("../Groups")]
#[case("01a20320-a200-7e23-a324-5aa232a9e247")]
#[tokio::test]
async fn what_is_no_id_names_nothing(#[case] id: &str) {
    let world = World::new();
    for endpoint in ["Users", "Groups"] {
        for method in ["GET", "PUT", "PATCH", "DELETE"].iter().skip(usize::from(id.is_empty()) * 4) {
            let body =
                json!({"userName": "a", "displayName": "a", "Operations": [{"op": "remove", "path": "externalId"}]});
            let reply = world.call(method, &format!("/{endpoint}/{id}"), body).await;
            assert_eq!((reply.status, reply.body["status"].as_str()), (404, Some("404")), "{method} {endpoint}");
        }
    }
}

#[tokio::test]
async fn store_that_is_away_is_told_as_that() {
    let world = World::new();
    let path = world.add_named("ada").await;
    world.store.set_unavailable(true);
    let change = json!({"Operations": [{"op": "remove", "path": "locale"}]});
    for (method, path, body) in [
        ("GET", "/Users", Value::Null),
        ("GET", path.as_str(), Value::Null),
        ("POST", "/Users", json!({"userName": "b"})),
        ("PATCH", &path, change),
        ("DELETE", &path, Value::Null),
        ("POST", "/Groups", json!({"displayName": "Night"})),
    ] {
        let reply = world.call(method, path, body).await;
        assert_eq!((reply.status, reply.retry_after), (503, Some(5)), "{method} {path}");
        assert!(!reply.detail().contains("told to be"), "the cause is for the log: {}", reply.detail());
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Pieces of which filters, paths and values are made, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "userName",
        "emails",
        "members",
        "name.givenName",
        "meta.created",
        "active",
        "id",
        "type",
        "value",
        ".",
        ":",
        "urn:",
        "[",
        "]",
        "(",
        ")",
        " and ",
        " or ",
        " not ",
        "not(",
        " eq ",
        " ne ",
        " pr",
        " co ",
        " gt ",
        "\"work\"",
        "\"",
        "\\",
        "true",
        "null",
        "7",
        "-1e999",
        "\"2026-01-01T00:00:00Z\"",
        "é",
        "\u{0}",
        " ",
        "\n",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..14).prop_map(|pieces| pieces.concat())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        soup().prop_map(Value::from),
        Just(json!("ada@example.com")),
    ];
    let keys = [
        "value",
        "type",
        "primary",
        "userName",
        "emails",
        "phoneNumbers",
        "name",
        "members",
        "displayName",
        "id",
        "name.givenName",
        "emails[type eq \"work\"].value",
        "urn:ietf:params:scim:schemas:core:2.0:User",
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(keys.to_vec()), inner), 0..4)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_query_is_answered_or_refused(text in prop_oneof![soup(), any::<String>()], name in "filter|sortBy|attributes|excludedAttributes|count|x") {
        let world = World::new();
        for endpoint in ["/Users", "/Groups"] {
            let text = text.replace(['&', '?'], "");
            let reply = block_on(world.call("GET", &format!("{endpoint}?{name}={text}"), Value::Null));
            prop_assert!([200, 400].contains(&reply.status), "{}", reply.status);
        }
    }

    #[test]
    fn any_patch_is_done_whole_or_not_at_all(
        operations in proptest::collection::vec(("add|Replace|REMOVE", prop_oneof![Just(None), soup().prop_map(Some)], any_json()), 1..4)
    ) {
        let world = World::new();
        let operations: Value =
            operations.into_iter().map(|(op, path, value)| json!({"op": op, "path": path, "value": value})).collect();
        block_on(async {
            for path in [world.add_named("ada").await, world.add_group("Night", &[]).await] {
                let before: (Value, MemoryStore) = (world.get(&path).await, world.store.clone());
                let trail = before.1.audit_trail();
                let reply = world.patch(&path, operations.clone()).await;
                assert!([200, 204, 400].contains(&reply.status), "{reply:?}");
                if reply.status == 400 {
                    assert_eq!((world.get(&path).await, world.store.audit_trail()), (before.0, trail));
                }
            }
        });
    }

    #[test]
    fn any_body_is_taken_or_refused(user in any_json(), bytes: Vec<u8>) {
        let world = World::new();
        for endpoint in ["/Users", "/Groups", "/.search"] {
            for body in [user.to_string().as_bytes(), &bytes] {
                let reply = block_on(world.raw("POST", endpoint, body, None));
                prop_assert!([200, 201, 400, 409].contains(&reply.status), "{}", reply.status);
            }
        }
    }
}
