use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, id_of};

async fn staff() -> World {
    let world = World::new();
    for (name, given, active, phone) in
        [("Ada@example.com", "Ada", true, Some("+12025550100")), ("bob", "Bob", false, None), ("Cyd", "", true, None)]
    {
        let mut person = json!({"userName": name, "externalId": format!("x-{name}"), "name": {"givenName": given},
            "displayName": given.to_uppercase(), "active": active});
        if name.contains('@') {
            person["emails"] = json!([{"value": name}]);
        }
        if let Some(phone) = phone {
            person["phoneNumbers"] = json!([{"value": phone}]);
        }
        world.add(person).await;
        world.clock.advance(time::Duration::hours(1));
    }
    world
}

const EVERYBODY: &[&str] = &["Ada@example.com", "bob", "Cyd"];
const ADA: &[&str] = &["Ada@example.com"];
const NOBODY: &[&str] = &[];

#[rstest]
#[case(r#"userName eq "ADA@EXAMPLE.COM""#, ADA)]
#[case(r#"USERNAME EQ "ada@example.com""#, ADA)]
#[case(r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada""#, ADA)]
#[case(r#"userName co "@""#, ADA)]
#[case(r#"userName ew ".COM""#, ADA)]
#[case(r#"userName ne "bob""#, &["Ada@example.com", "Cyd"])]
#[case(r#"userName gt "bob""#, &["Cyd"])]
#[case(r#"userName le "BOB""#, &["Ada@example.com", "bob"])]
#[case(r#"externalId eq "x-bob""#, &["bob"])]
#[case(r#"externalId eq "X-bob""#, NOBODY)]
#[case("name.givenName pr", &["Ada@example.com", "bob"])]
#[case("not(name.givenName pr)", &["Cyd"])]
#[case("name.givenName eq null", &["Cyd"])]
#[case("name.givenName ne null", &["Ada@example.com", "bob"])]
#[case(r#"name[givenName eq "Bob"]"#, &["bob"])]
#[case(r#"emails eq "ada@EXAMPLE.com""#, ADA)]
#[case(r#"emails.value co "example""#, ADA)]
#[case(r#"emails[type eq "work" and value co "EXAMPLE"]"#, ADA)]
#[case(r#"emails[type eq "home" and value co "example"]"#, NOBODY)]
#[case(r#"emails[type ne "home"]"#, ADA)]
#[case(r#"emails[not (type eq "home")]"#, ADA)]
#[case(r#"not (emails[type eq "work"])"#, &["bob", "Cyd"])]
#[case("emails[primary eq true]", ADA)]
#[case(r#"emails[primary eq "True"]"#, ADA)]
#[case("emails[primary eq false]", NOBODY)]
#[case(r#"emails.type eq "WORK""#, ADA)]
#[case("emails.type pr", ADA)]
#[case(r#"phoneNumbers[type eq "mobile"].value eq "+12025550100""#, ADA)]
#[case("active eq false", &["bob"])]
#[case(r#"active eq "False""#, &["bob"])]
#[case("active ne true", &["bob"])]
#[case(r#"active eq true and (userName eq "bob" or userName eq "cyd")"#, &["Cyd"])]
#[case(r#"userName eq "bob" or userName eq "cyd" and active eq false"#, &["bob"])]
#[case(r#"id eq "nobody""#, NOBODY)]
#[case(r#"id ne "nobody""#, EVERYBODY)]
#[case(r#"meta.resourceType eq "User""#, EVERYBODY)]
#[case(r#"meta.resourceType eq "Group""#, NOBODY)]
#[case(r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#, EVERYBODY)]
#[case(r#"meta.created gt "1999-01-01T00:00:00Z""#, EVERYBODY)]
#[case(r#"meta.lastModified lt "1999-01-01T00:00:00+23:59""#, NOBODY)]
#[case(r#"  userName   eq   "bob"  "#, &["bob"])]
#[case(r#"displayName eq "\u0041DA""#, ADA)]
#[case("locale pr or timezone pr", NOBODY)]
#[tokio::test]
async fn filter_finds_whom_it_means(#[case] filter: &str, #[case] expected: &[&str]) {
    let world = staff().await;
    let found = world.get(&format!("/Users?filter={filter}")).await;
    let mut names: Vec<_> =
        found["Resources"].as_array().unwrap().iter().map(|user| user["userName"].as_str().unwrap()).collect();
    names.sort_by_key(|name| name.to_lowercase());
    assert_eq!(names, expected);
    assert_eq!(found["totalResults"], expected.len());
}

#[tokio::test]
async fn person_is_found_by_id_and_by_the_time_shown() {
    let world = staff().await;
    let ada = world.get("/Users?filter=userName sw \"ada\"").await["Resources"][0].clone();
    let id = ada["id"].as_str().unwrap();
    for filter in [
        format!("id eq \"{id}\""),
        format!("id eq \"{}\"", id.to_uppercase()),
        format!("meta.created eq {}", ada["meta"]["created"]),
        format!("not (id ne \"{id}\")"),
    ] {
        assert_eq!(world.names(&format!("/Users?filter={filter}")).await, ADA, "{filter}");
    }
}

#[rstest]
#[case("sortBy=userName", EVERYBODY)]
#[case("sortBy=userName&sortOrder=DESCENDING", &["Cyd", "bob", "Ada@example.com"])]
#[case("sortBy=meta.created&sortOrder=descending", &["Cyd", "bob", "Ada@example.com"])]
#[case("sortBy=urn:ietf:params:scim:schemas:core:2.0:User:USERNAME&startIndex=2&count=1", &["bob"])]
#[case("sortby=emails", EVERYBODY)]
#[case("sortBy=schemas&sortOrder=ascending", EVERYBODY)]
#[case("sortBy=userName&startIndex=4", NOBODY)]
#[case("count=0", NOBODY)]
#[tokio::test]
async fn pages_are_sorted(#[case] query: &str, #[case] expected: &[&str]) {
    let world = staff().await;
    let page = world.get(&format!("/Users?{query}")).await;
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(3), &json!(expected.len())));
    assert_eq!(world.names(&format!("/Users?{query}")).await, expected);
}

#[rstest]
#[case("sortBy=", EVERYBODY.len())]
#[case("attributes=userName&filter=active eq true", 2)]
#[tokio::test]
async fn list_shows_only_what_is_wanted(#[case] query: &str, #[case] count: usize) {
    let page = staff().await.get(&format!("/Users?{query}")).await;
    let resources = page["Resources"].as_array().unwrap();
    assert_eq!(resources.len(), count);
    let shown = if query.contains("attributes") { 3 } else { 8 };
    assert!(resources.iter().all(|user| user.as_object().unwrap().len() <= shown + 2));
}

#[tokio::test]
async fn groups_are_found_by_name_and_member() {
    let world = World::new();
    let (ada, bob) = (world.add_named("ada").await, world.add_named("bob").await);
    world.add_group("Night", &[&ada]).await;
    world.add_group("Day", &[&ada, &bob]).await;
    world.add_group("Empty", &[]).await;
    let (ada, bob) = (id_of(&ada), id_of(&bob));
    for (filter, expected) in [
        ("displayName eq \"NIGHT\"".to_owned(), vec!["Night"]),
        (format!("members eq \"{bob}\""), vec!["Day"]),
        (format!("members.value eq \"{ada}\""), vec!["Day", "Night"]),
        (format!("members[value eq \"{ada}\" and type eq \"User\"]"), vec!["Day", "Night"]),
        (format!("members[value eq \"{ada}\" and value eq \"{bob}\"]"), vec![]),
        (format!("members[value eq \"{ada}\"] and members[value eq \"{bob}\"]"), vec!["Day"]),
        (format!("members[value eq \"{ada}\" or value eq \"nobody\"]"), vec!["Day", "Night"]),
        (format!("not (members[value eq \"{bob}\"])"), vec!["Empty", "Night"]),
        ("members pr".to_owned(), vec!["Day", "Night"]),
        ("members[type eq \"Group\"]".to_owned(), vec![]),
        ("meta.resourceType eq \"Group\"".to_owned(), vec!["Day", "Empty", "Night"]),
    ] {
        let names = world.names(&format!("/Groups?sortBy=displayName&filter={filter}")).await;
        assert_eq!(names, expected, "{filter}");
    }
}

#[tokio::test]
async fn search_goes_over_people_and_groups() {
    let world = World::new();
    let ada = world.add_named("ada").await;
    // Ids sort by the time they were made.
    world.clock.advance(time::Duration::SECOND);
    world.add_named("bob").await;
    world.add_group("Night", &[&ada]).await;
    let found = async |body: Value| {
        let reply = world.call("POST", "/.search", body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let name = |resource: &Value| {
            resource.get("userName").unwrap_or(&resource["displayName"]).as_str().unwrap().to_owned()
        };
        let names: Vec<String> = reply.body["Resources"].as_array().unwrap().iter().map(name).collect();
        (reply.body["totalResults"].as_u64().unwrap(), names.join(" "))
    };
    for (body, total, names) in [
        (json!({}), 3, "ada bob Night"),
        (json!({"startIndex": 2, "count": 2}), 3, "bob Night"),
        (json!({"startIndex": "3", "count": 5}), 3, "Night"),
        (json!({"count": 1, "attributes": ["userName", "displayName"]}), 3, "ada"),
        (json!({"filter": "userName eq \"ada\""}), 1, "ada"),
        (json!({"filter": "userName eq \"ada\" or displayName eq \"night\""}), 2, "ada Night"),
        (json!({"filter": "not (userName pr)"}), 1, "Night"),
        (json!({"filter": "members[type eq \"User\"] or members[not (type eq \"User\")]"}), 1, "Night"),
        (json!({"filter": "userName eq null and members ne null"}), 1, "Night"),
        (json!({"filter": "meta.resourceType eq \"User\" and userName ne \"bob\""}), 1, "ada"),
    ] {
        assert_eq!(found(body.clone()).await, (total, names.to_owned()), "{body}");
    }
    let sorted = world.call("POST", "/.search", json!({"sortBy": "userName"})).await;
    assert_eq!((sorted.status, sorted.scim_type()), (400, "invalidValue"));
    let users = world.call("POST", "/Users/.search", json!({"sortBy": "userName", "sortOrder": "descending"})).await;
    assert_eq!(users.body["Resources"][0]["userName"], "bob");
    let groups = world.call("POST", "/Groups/.search", json!({"excludedAttributes": ["members"]})).await;
    assert!(groups.body["Resources"][0].get("members").is_none());
    let wrong = world.call("POST", "/Groups/.search", json!({"attributes": [1]})).await;
    assert_eq!((wrong.status, wrong.scim_type()), (400, "invalidValue"));
}
