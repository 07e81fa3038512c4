//! Pages by cursor (RFC 9865).

use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::world::{World, id_of};

async fn five() -> World {
    let world = World::new();
    for (name, given) in [("dan", "Z"), ("ada", ""), ("eve", "A"), ("bob", ""), ("cyd", "M")] {
        world.clock.advance(Duration::SECOND);
        world.add(json!({"userName": name, "name": {"givenName": given}, "active": name != "eve"})).await;
    }
    world
}

fn names(page: &Value) -> Vec<String> {
    let name =
        |resource: &Value| resource.get("userName").unwrap_or(&resource["displayName"]).as_str().unwrap().to_owned();
    page["Resources"].as_array().unwrap().iter().map(name).collect()
}

fn cursor<'a>(page: &'a Value, name: &str) -> Option<&'a str> {
    let cursor = page.get(name)?.as_str().unwrap();
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    assert!(!cursor.is_empty() && cursor.chars().all(is_unreserved), "{cursor}");
    Some(cursor)
}

async fn page(world: &World, path: &str, cursor: &str) -> Value {
    world.get(&format!("{path}&cursor={cursor}")).await
}

/// Follows `nextCursor` to the end, and checks what every page says.
async fn walked(world: &World, path: &str, total: u64) -> Vec<Value> {
    let mut pages = vec![page(world, path, "").await];
    while let Some(next) = cursor(pages.last().unwrap(), "nextCursor") {
        pages.push(page(world, path, next).await);
    }
    for (number, page) in pages.iter().enumerate() {
        assert_eq!(page["totalResults"], total);
        assert_eq!(page["itemsPerPage"], page["Resources"].as_array().unwrap().len());
        assert!(page.get("startIndex").is_none(), "{page}");
        assert_eq!(page.get("previousCursor").is_some(), number > 0, "page {number}");
    }
    pages
}

#[rstest]
#[case("count=2", &["dan", "ada", "eve", "bob", "cyd"])]
#[case("count=5", &["dan", "ada", "eve", "bob", "cyd"])]
#[case("sortBy=userName&count=2", &["ada", "bob", "cyd", "dan", "eve"])]
#[case("sortBy=userName&sortOrder=descending&count=1", &["eve", "dan", "cyd", "bob", "ada"])]
#[case("sortBy=name.givenName&count=2", &["eve", "cyd", "dan", "ada", "bob"])]
#[case("sortBy=name.givenName&sortOrder=descending&count=2", &["bob", "ada", "dan", "cyd", "eve"])]
#[case("sortBy=active&count=2", &["eve", "dan", "ada", "bob", "cyd"])]
#[case("sortBy=meta.created&sortOrder=descending&count=3", &["cyd", "bob", "eve", "ada", "dan"])]
#[case("sortBy=id&sortOrder=descending&count=3", &["cyd", "bob", "eve", "ada", "dan"])]
#[case("sortBy=schemas&count=4", &["dan", "ada", "eve", "bob", "cyd"])]
#[case("filter=active eq true&sortBy=userName&count=3", &["ada", "bob", "cyd", "dan"])]
#[case("filter=userName eq \"nobody\"", &[])]
#[tokio::test]
async fn pages_lead_through_everyone_and_back(#[case] query: &str, #[case] expected: &[&str]) {
    let world = five().await;
    let path = format!("/Users?{query}");
    let pages = walked(&world, &path, expected.len() as u64).await;
    assert_eq!(pages.iter().flat_map(names).collect::<Vec<_>>(), expected);
    for pair in pages.windows(2) {
        let back = page(&world, &path, cursor(&pair[1], "previousCursor").unwrap()).await;
        assert_eq!(back["Resources"], pair[0]["Resources"]);
        assert_eq!(back.get("previousCursor").is_some(), back["Resources"] != pages[0]["Resources"]);
        let forth = page(&world, &path, cursor(&back, "nextCursor").unwrap()).await;
        assert_eq!(forth["Resources"], pair[1]["Resources"]);
    }
}

#[tokio::test]
async fn who_comes_and_goes_meanwhile_moves_nobody() {
    let world = five().await;
    let path = "/Users?sortBy=userName&count=2";
    let first = page(&world, path, "").await;
    assert_eq!(names(&first), ["ada", "bob"]);
    for gone in first["Resources"].as_array().unwrap() {
        world.call("DELETE", &format!("/Users/{}", gone["id"].as_str().unwrap()), Value::Null).await;
    }
    world.add_named("aaa").await;
    let second = page(&world, path, cursor(&first, "nextCursor").unwrap()).await;
    assert_eq!((names(&second), &second["totalResults"]), (vec!["cyd".to_owned(), "dan".to_owned()], &json!(5)));
    let back = page(&world, path, cursor(&second, "previousCursor").unwrap()).await;
    assert_eq!(names(&back), ["aaa"]);
    assert!(back.get("previousCursor").is_none());
}

#[tokio::test]
async fn page_before_which_nobody_is_left_is_the_first() {
    let world = five().await;
    let path = "/Users?sortBy=userName&count=2";
    let first = page(&world, path, "").await;
    let second = page(&world, path, cursor(&first, "nextCursor").unwrap()).await;
    for gone in first["Resources"].as_array().unwrap() {
        world.call("DELETE", &format!("/Users/{}", gone["id"].as_str().unwrap()), Value::Null).await;
    }
    let back = page(&world, path, cursor(&second, "previousCursor").unwrap()).await;
    assert_eq!(names(&back), ["cyd", "dan"]);
    assert!(back.get("previousCursor").is_none() && back.get("nextCursor").is_some());
}

#[rstest]
#[case::altered("/Users?sortBy=userName&count=2", "A")]
#[case::other_filter("/Users?filter=active eq true&sortBy=userName&count=2", "")]
#[case::other_order("/Users?sortBy=displayName&count=2", "")]
#[case::reversed("/Users?sortBy=userName&sortOrder=descending&count=2", "")]
#[case::other_resources("/Groups?sortBy=displayName&count=2", "")]
#[tokio::test]
async fn cursor_is_good_for_its_query_alone(#[case] path: &str, #[case] altered: &str) {
    let world = five().await;
    let first = page(&world, "/Users?sortBy=userName&count=2", "").await;
    let cursor = cursor(&first, "nextCursor").unwrap();
    let reply = world.call("GET", &format!("{path}&cursor={altered}{cursor}"), Value::Null).await;
    assert_eq!((reply.status, reply.scim_type()), (400, "invalidCursor"), "{}", reply.detail());
}

#[tokio::test]
async fn cursor_that_is_altered_anywhere_is_refused() {
    let world = five().await;
    let first = page(&world, "/Users?count=2", "").await;
    let cursor = cursor(&first, "nextCursor").unwrap();
    let others = (0..cursor.len()).map(|at| {
        let other = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &cursor[..at], &cursor[at + 1..])
    });
    for other in others.chain(["x".to_owned(), "%".to_owned(), cursor[1..].to_owned(), format!("{cursor}=")]) {
        let reply = world.call("GET", &format!("/Users?count=2&cursor={other}"), Value::Null).await;
        assert_eq!((reply.status, reply.scim_type()), (400, "invalidCursor"), "{other}");
    }
}

#[rstest]
#[case("count=3", "invalidCount")]
#[case("attributes=userName", "invalidCount")]
#[case("count=two", "invalidCount")]
#[case("count=2&startIndex=1", "invalidValue")]
#[tokio::test]
async fn query_that_contradicts_its_cursor_is_refused(#[case] query: &str, #[case] scim_type: &str) {
    let world = five().await;
    let first = page(&world, "/Users?count=2", "").await;
    let cursor = cursor(&first, "nextCursor").unwrap();
    let reply = world.call("GET", &format!("/Users?{query}&cursor={cursor}"), Value::Null).await;
    assert_eq!((reply.status, reply.scim_type()), (400, scim_type), "{}", reply.detail());
}

#[tokio::test]
async fn cursor_expires_when_the_configuration_says() {
    let world = five().await;
    let config = world.get("/ServiceProviderConfig").await["pagination"].clone();
    let expected = json!({"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 100,
        "maxPageSize": 200, "cursorTimeout": 86_400});
    assert_eq!(config, expected);
    let first = page(&world, "/Users?count=2", "").await;
    let next = cursor(&first, "nextCursor").unwrap();
    world.clock.advance(Duration::seconds(86_400));
    let second = page(&world, "/Users?count=2", next).await;
    world.clock.advance(Duration::SECOND);
    let reply = world.call("GET", &format!("/Users?count=2&cursor={next}"), Value::Null).await;
    assert_eq!((reply.status, reply.scim_type()), (400, "expiredCursor"));
    let fresh = cursor(&second, "nextCursor").unwrap();
    assert_eq!(names(&page(&world, "/Users?count=2", fresh).await), ["cyd"], "each page's cursors begin anew");
}

/// Canaille 0.3.6 fails on what RFC 7643 does not have.
#[tokio::test]
async fn client_that_fails_on_the_pagination_of_the_configuration_is_spared_it() {
    let world = World::new();
    let config = async |agent| world.conditional("GET", "/ServiceProviderConfig", Value::Null, Some(agent)).await.body;
    assert!(config("python-httpx/0.28.1").await.get("pagination").is_none());
    for agent in ["python-httpx2/2.0", "okta-scim/1.0", ""] {
        assert!(config(agent).await.get("pagination").is_some(), "{agent}");
    }
}

#[tokio::test]
async fn without_a_cursor_pages_are_by_index_and_with_a_count_of_none_there_is_only_a_total() {
    let world = five().await;
    let index = world.get("/Users?count=2").await;
    assert_eq!(index["startIndex"], 1);
    assert!(index.get("nextCursor").is_none());
    for query in ["/Users?cursor=&count=0", "/Users?cursor=&count=-3"] {
        let none = world.get(query).await;
        assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(5), &json!([])));
        assert!(none.get("nextCursor").is_none());
    }
    let many = world.get("/Users?cursor=&count=100000").await;
    assert_eq!((names(&many).len(), many.get("nextCursor")), (5, None), "a large count is the largest");
}

#[tokio::test]
async fn groups_with_their_members_come_by_the_hundred_and_searches_take_cursors() {
    let world = World::new();
    let ada = world.add_named("ada").await;
    for number in 0..103 {
        world.add_group(&format!("g{number:03}"), &[&ada]).await;
    }
    let pages = walked(&world, "/Groups?sortBy=displayName&count=200", 103).await;
    assert_eq!(pages.iter().map(|page| names(page).len()).collect::<Vec<_>>(), [100, 3]);
    assert_eq!(pages[1]["Resources"][0]["members"][0]["value"], id_of(&ada));
    let whole = walked(&world, "/Groups?excludedAttributes=members&count=200", 103).await;
    assert_eq!(whole.len(), 1);
    let mut search = json!({"filter": "displayName sw \"g00\"", "sortBy": "displayName", "cursor": "", "count": 6});
    let first = world.call("POST", "/Groups/.search", search.clone()).await.body;
    search["cursor"] = first["nextCursor"].clone();
    let second = world.call("POST", "/Groups/.search", search).await.body;
    assert_eq!(
        (names(&first).len(), names(&second)),
        (6, ["g006", "g007", "g008", "g009"].map(str::to_owned).to_vec())
    );
    assert!(second.get("nextCursor").is_none() && second.get("previousCursor").is_some());
}

#[rstest]
#[case(1)]
#[case(2)]
#[case(3)]
#[case(5)]
#[case(8)]
#[case(9)]
#[tokio::test]
async fn search_by_cursor_goes_from_people_to_groups(#[case] count: usize) {
    let world = five().await;
    for name in ["Night", "Day", "Dusk"] {
        world.clock.advance(Duration::SECOND);
        world.add_group(name, &[]).await;
    }
    let mut search = json!({"cursor": "", "count": count});
    let mut found = Vec::new();
    loop {
        let reply = world.call("POST", "/.search", search.clone()).await;
        assert_eq!((reply.status, &reply.body["totalResults"]), (200, &json!(8)), "{reply:?}");
        let shown = names(&reply.body);
        assert_eq!(shown.len(), count.min(8 - found.len()));
        found.extend(shown);
        let Some(next) = cursor(&reply.body, "nextCursor") else { break };
        search["cursor"] = next.into();
    }
    assert_eq!(found, ["dan", "ada", "eve", "bob", "cyd", "Night", "Day", "Dusk"]);
    search["cursor"] = "x".into();
    assert_eq!(world.call("POST", "/.search", search).await.scim_type(), "invalidCursor");
}
