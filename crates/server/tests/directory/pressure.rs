use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::client::{at_once, body, count};
use crate::installation::{Installation, person};

/// A group of everybody: delivered at once, changed by one, and read without its members.
async fn ten_thousand_members(installation: Installation) {
    let imported: Vec<Value> =
        (0..10_000).map(|number| json!({ "userName": format!("user{number}@scim.example") })).collect();
    installation.folder.write("people.json", Value::from(imported).to_string());
    installation.done(&["import", "people.json"]);
    let mut everybody = Vec::new();
    while everybody.len() < 10_000 {
        let path = format!(
            "/Users?count=200&startIndex={}&filter=userName%20sw%20%22user%22&attributes=id",
            everybody.len() + 1
        );
        let page = installation.get(&path).await;
        assert_eq!(page["totalResults"], 10_000);
        everybody.extend(page["Resources"].as_array().unwrap().iter().map(|user| json!({ "value": user["id"] })));
    }
    let last = everybody.pop().unwrap();
    // A member who is named twice is named once.
    everybody.push(everybody[0].clone());
    let new = json!({ "displayName": "Everybody", "members": everybody });
    let added = installation.scim(Method::POST, "/Groups?excludedAttributes=members", Some(new)).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let path = format!("/Groups/{}", body(added).await["id"].as_str().unwrap());
    let add = json!([{ "op": "add", "path": "members", "value": [last] }]);
    assert!(installation.patch(&path, add).await.status().is_success());
    let whole = installation.get(&path).await;
    assert_eq!(whole["members"].as_array().unwrap().len(), 10_000);
    let none = json!([{ "op": "remove", "path": "members" }]);
    assert!(installation.patch(&path, none).await.status().is_success());
    assert!(installation.get(&path).await.get("members").is_none_or(|members| members == &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_ten_thousand_is_taken_changed_and_emptied_over_sqlite() {
    ten_thousand_members(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_ten_thousand_is_taken_changed_and_emptied_over_postgres() {
    ten_thousand_members(Installation::on_postgres().await).await;
}

/// A directory that adds and removes the members of one group one by one, 32 at once, as Entra does; and one that sends
/// a person's new name 40 times, eight at once.
async fn thirty_two_at_once(installation: Installation) {
    let imported: Vec<Value> =
        (0..32).map(|number| json!({ "userName": format!("user{number}@scim.example") })).collect();
    installation.folder.write("people.json", Value::from(imported).to_string());
    installation.done(&["import", "people.json"]);
    let page = installation.get("/Users?count=32&filter=userName%20sw%20%22user%22&attributes=id").await;
    let ids: Vec<Value> = page["Resources"].as_array().unwrap().iter().map(|user| user["id"].clone()).collect();
    let group = installation.scim(Method::POST, "/Groups", Some(json!({ "displayName": "Night" }))).await;
    let group = format!("/Groups/{}", body(group).await["id"].as_str().unwrap());
    for (op, left) in [("add", 32), ("remove", 0)] {
        let number = AtomicUsize::new(0);
        let answers = at_once(32, || {
            let client = installation.directory.clone();
            let path = format!("/scim/v2{group}");
            let members = json!([{ "value": ids[number.fetch_add(1, Ordering::Relaxed)] }]);
            let body = json!({ "Operations": [{ "op": op, "path": "members", "value": members }] });
            async move { client.send(Method::PATCH, &path, Some(body)).await }
        })
        .await;
        assert_eq!(count(&answers, 204), 32, "{op}: {answers:?}");
        let group = installation.get(&group).await;
        assert_eq!(group["members"].as_array().map_or(0, Vec::len), left, "{op}");
    }
    let path = format!("/scim/v2/Users/{}", ids[0].as_str().unwrap());
    let number = AtomicUsize::new(0);
    let answers = at_once(8, || {
        let (client, path, first) =
            (installation.directory.clone(), path.clone(), number.fetch_add(5, Ordering::Relaxed));
        async move {
            let mut answers = Vec::new();
            for turn in first..first + 5 {
                let change = json!([{ "op": "replace", "path": "displayName", "value": format!("Ada {turn}") }]);
                answers.push(client.send(Method::PATCH, &path, Some(json!({ "Operations": change }))).await);
            }
            answers
        }
    })
    .await;
    assert_eq!(count(&answers.into_iter().flatten().collect::<Vec<_>>(), 200), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_group_at_once_are_all_taken_over_sqlite() {
    thirty_two_at_once(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_group_at_once_are_all_taken_over_postgres() {
    thirty_two_at_once(Installation::on_postgres().await).await;
}

/// A hundred clients at once who all create the same person, and then all change them.
async fn a_hundred_at_once(installation: Installation) {
    let client = &installation.directory;
    let answers = at_once(100, || {
        let client = client.clone();
        async move { client.send(Method::POST, "/scim/v2/Users", Some(person("ada"))).await }
    })
    .await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 99));
    let ada = installation.get("/Users?filter=userName%20eq%20%22ada%40scim.example%22").await;
    let path = format!("/scim/v2/Users/{}", ada["Resources"][0]["id"].as_str().unwrap());
    let number = AtomicUsize::new(0);
    let answers = at_once(20, || {
        let (client, path) = (client.clone(), path.clone());
        let name = format!("Ada {}", number.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "Operations": [{ "op": "replace", "path": "name.givenName", "value": name }] });
        async move { client.send(Method::PATCH, &path, Some(body)).await }
    })
    .await;
    let (done, given_up) = (count(&answers, 200), answers.len() - count(&answers, 200));
    let version = installation.get(&format!("/Users/{}", ada["Resources"][0]["id"].as_str().unwrap())).await;
    assert_eq!(version["meta"]["version"], format!("W/\"{}\"", 1 + done), "each counts once");
    assert!(
        done >= 1 && answers.iter().all(|answer| [200, 409, 503].contains(&answer.status().as_u16())),
        "{given_up}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_who_create_one_person_one_does_over_sqlite() {
    a_hundred_at_once(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_who_create_one_person_one_does_over_postgres() {
    a_hundred_at_once(Installation::on_postgres().await).await;
}
