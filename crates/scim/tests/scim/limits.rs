//! What a request may make the server do is bounded, whatever it asks for.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Map, Value, json};

use crate::world::{Reply, World, id_of};

fn assert_refused(reply: &Reply, scim_type: &str, named: &str) {
    assert_eq!((reply.status, reply.scim_type()), (400, scim_type), "{}", reply.detail());
    assert!(reply.detail().contains(named), "{}", reply.detail());
}

#[rstest]
#[case::brackets("[].x")]
#[case::comparisons("a[b pr].c pr or ")]
#[case::words("a")]
#[tokio::test]
async fn filter_of_more_than_64_kib_is_refused_unread(#[case] piece: &str) {
    let world = World::new();
    let body = json!({"filter": piece.repeat(4_000_000 / piece.len())});
    let begun = Instant::now();
    for path in ["/.search", "/Users/.search", "/Groups/.search"] {
        assert_refused(&world.call("POST", path, body.clone()).await, "invalidFilter", "longer than 65536 bytes");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn filter_of_brackets_is_read_once() {
    let world = World::new();
    let body = json!({"filter": "[].x".repeat(16_000)});
    let begun = Instant::now();
    assert_refused(&world.call("POST", "/Users/.search", body).await, "invalidFilter", "byte");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn path_of_more_than_64_kib_is_refused() {
    let world = World::new();
    let long = format!("emails[value eq \"{}\"]", "a".repeat(64 * 1_024));
    for path in [world.add_named("ada").await, world.add_group("Night", &[]).await] {
        let reply = world.patch(&path, json!([{"op": "remove", "path": long}])).await;
        assert_refused(&reply, "invalidPath", "longer than 65536 bytes");
    }
}

#[tokio::test]
async fn each_attribute_of_an_operation_counts() {
    let world = World::new();
    let attributes = |count: usize| -> Map<String, Value> {
        (0..count).map(|number| (format!("name.part{number}"), json!("x"))).collect()
    };
    let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
    let path = world.add_named("ada").await;
    let two = json!([{"op": "add", "value": attributes(500)}, {"op": "add", "value": attributes(501)}]);
    for operations in [json!([{"op": "add", "value": {schema: attributes(1_001)}}]), two] {
        assert_refused(&world.patch(&path, operations).await, "invalidValue", "1000");
    }
    assert_eq!(world.patch(&path, json!([{"op": "add", "value": attributes(1_000)}])).await.status, 200);
    let group = world.add_group("Night", &[]).await;
    let reply = world.patch(&group, json!([{"op": "add", "value": attributes(1_001)}])).await;
    assert_refused(&reply, "invalidValue", "1000");
}

#[rstest]
#[case("emails", "a@example.com")]
#[case("phoneNumbers", "+442079460000")]
#[tokio::test]
async fn person_has_100_entries_at_the_most(#[case] name: &str, #[case] value: &str) {
    let world = World::new();
    let entries = |count: usize| json!(vec![json!({"value": value, "type": "other"}); count]);
    let whole = |count: usize| json!({"userName": "ada", name: entries(count)});
    let path = world.add(whole(100)).await;
    assert_refused(&world.call("POST", "/Users", whole(101)).await, "invalidValue", name);
    assert_refused(&world.call("PUT", &path, whole(101)).await, "invalidValue", name);
    for op in ["add", "replace", "remove"] {
        let reply = world.patch(&path, json!([{"op": op, "path": name, "value": entries(101)}])).await;
        assert_refused(&reply, "invalidValue", name);
    }
    // There is one already, and those that are added stand behind it.
    let reply = world.patch(&path, json!([{"op": "add", "path": name, "value": entries(100)}])).await;
    assert_refused(&reply, "invalidValue", name);
    assert_eq!(world.patch(&path, json!([{"op": "replace", "path": name, "value": entries(100)}])).await.status, 200);
}

#[rstest]
#[case::part("emails.type")]
#[case::selected_part("emails[type eq \"work\"].display")]
#[case::first_of_its_type("phoneNumbers[type eq \"mobile\"].value")]
#[case::entry("emails")]
#[tokio::test]
async fn part_that_each_entry_would_get_is_short(#[case] path: &str) {
    let world = World::new();
    let user = world.add(json!({"userName": "ada", "emails": [{"value": "ada@example.com"}]})).await;
    let reply = world.patch(&user, json!([{"op": "add", "path": path, "value": "x".repeat(1_000)}])).await;
    assert_refused(&reply, "invalidValue", "1000");
    let type_of_a_path = format!("phoneNumbers[type eq \"{}\"].value", "x".repeat(1_000));
    let reply = world.patch(&user, json!([{"op": "add", "path": type_of_a_path, "value": "1"}])).await;
    assert_refused(&reply, "invalidValue", "1000");
}

#[tokio::test]
async fn path_to_an_entry_has_16_comparisons_at_the_most() {
    let world = World::new();
    let user = world.add_named("ada").await;
    let path = |count: usize| format!("emails[{}]", vec!["type eq \"x\""; count].join(" or "));
    assert_eq!(world.patch(&user, json!([{"op": "remove", "path": path(16)}])).await.status, 200);
    let reply = world.patch(&user, json!([{"op": "remove", "path": path(17)}])).await;
    assert_refused(&reply, "invalidPath", "16");
}

#[tokio::test]
async fn parts_that_nobody_looks_at_cost_nothing() {
    let world = World::new();
    let user = world.add(json!({"userName": "ada", "emails": [{"value": "ada@example.com"}]})).await;
    let mut parts: Map<String, Value> = (0..50_000).map(|number| (format!("part{number}"), json!("x"))).collect();
    parts.extend([("GIVENNAME".to_owned(), json!("Ada")), ("Value".to_owned(), json!("a@example.com"))]);
    let begun = Instant::now();
    let operations = json!([
        {"op": "replace", "path": "name", "value": parts},
        {"op": "replace", "path": "emails[type eq \"work\"]", "value": parts},
    ]);
    let patched = world.patched(&user, operations).await;
    assert_eq!(
        (&patched["name"], &patched["emails"][0]["value"]),
        (&json!({"givenName": "Ada"}), &json!("a@example.com"))
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn ten_thousand_members_come_in_one_operation() {
    let world = World::new();
    let ada = world.add_named("ada").await;
    let group = world.add_group("Night", &[]).await;
    let members = vec![json!({"value": id_of(&ada)}); 10_000];
    world.patched(&group, json!([{"op": "add", "path": "members", "value": members}])).await;
    assert_eq!(world.members(&group).await, [id_of(&ada)]);
}

#[tokio::test]
async fn hundred_attributes_are_named_at_the_most() {
    let world = World::new();
    for parameter in ["attributes", "excludedAttributes"] {
        for (count, status) in [(100, 200), (101, 400)] {
            let names = vec!["userName"; count];
            let query = format!("{parameter}={}", names.join(","));
            let listed = world.call("GET", &format!("/Users?{query}"), Value::Null).await;
            let searched = world.call("POST", "/.search", json!({parameter: names})).await;
            for reply in [listed, searched] {
                assert_eq!(reply.status, status, "{parameter}");
                if status == 400 {
                    assert_refused(&reply, "invalidValue", parameter);
                }
            }
        }
    }
}

/// Asks for page after page as a client does, and tells the ids and how many there were on each page.
async fn pages(world: &World, search: &str, excluded: &str) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let body = json!({"startIndex": ids.len() + 1, "count": 200, "excludedAttributes": excluded});
        let page = world.call("POST", search, body).await.body;
        let found = page["Resources"].as_array().unwrap();
        assert_eq!(page["itemsPerPage"], found.len());
        ids.extend(found.iter().map(|resource| resource["id"].as_str().unwrap().to_owned()));
        sizes.push(found.len());
        if found.is_empty() || ids.len() as u64 >= page["totalResults"].as_u64().unwrap() {
            return (ids, sizes);
        }
    }
}

#[rstest]
#[case("/Groups/.search", "", &[100, 100, 5])]
#[case("/Groups/.search", "members", &[200, 5])]
#[case("/.search", "", &[103, 100, 5])]
#[case("/.search", "members", &[200, 8])]
#[tokio::test]
async fn every_group_is_on_one_page_however_few_are_on_a_page(
    #[case] search: &str,
    #[case] excluded: &str,
    #[case] expected: &[usize],
) {
    let world = World::new();
    let mut people = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        people.push(world.add_named(name).await);
    }
    let mut all: BTreeSet<String> = BTreeSet::new();
    if search == "/.search" {
        all.extend(people.iter().map(|path| id_of(path).to_owned()));
    }
    for number in 0..205 {
        let group = world.add_group(&format!("Team {number}"), &[&people[number % 3]]).await;
        all.insert(id_of(&group).to_owned());
    }
    let (ids, sizes) = pages(&world, search, excluded).await;
    assert_eq!(sizes, expected);
    assert_eq!((ids.len(), ids.into_iter().collect::<BTreeSet<_>>()), (all.len(), all));
}

#[tokio::test]
async fn list_of_groups_has_100_with_their_members() {
    let world = World::new();
    for number in 0..101 {
        world.add_group(&format!("Team {number}"), &[]).await;
    }
    let without = "?count=200&attributes=displayName";
    for (query, size) in [("", 100), ("?count=200", 100), ("?count=7", 7), (without, 101)] {
        let page = world.get(&format!("/Groups{query}")).await;
        assert_eq!((&page["itemsPerPage"], &page["totalResults"]), (&json!(size), &json!(101)), "{query}");
    }
    assert_eq!(world.names("/Groups?startIndex=101").await.len(), 1);
}
