use muster_testkit_providers::canaille_delivers;
use serde_json::{Value, json};

use crate::installation::Installation;

const NO_BRAKE: (&str, &str) = ("MUSTER_DEACTIVATION_BRAKE_PERCENT", "100");

/// Canaille as it comes delivers everyone whom it has: its client holds only what `/Schemas` lists.
async fn delivers(installation: &Installation) {
    let url = format!("{}/scim/v2", installation.server.url);
    let key = installation.directory.token().to_owned();
    let canaille = tokio::task::spawn_blocking(move || canaille_delivers(&url, &key)).await.unwrap();
    assert!(!canaille.log.contains("failed"), "{}", canaille.log);
    let mut ids = Vec::new();
    for person in &canaille.people {
        let found = installation.get(&format!("/Users?filter=externalId%20eq%20%22{}%22", person.id)).await;
        assert_eq!(found["totalResults"], 1, "{person:?}");
        let user = &found["Resources"][0];
        assert_eq!((&user["userName"], &user["active"]), (&json!(person.user_name), &json!(person.active)));
        assert_eq!(user["name"].get("givenName"), person.given_name.as_ref().map(|name| json!(name)).as_ref());
        if person.user_name == "full" {
            assert_eq!((&user["displayName"], &user["locale"]), (&json!("Full"), &json!("de")));
            assert_eq!(user["emails"][0]["value"], "full@canaille.example");
            assert_eq!(user["phoneNumbers"][0]["value"], "+1 202 555 0143");
        }
        if person.user_name == "zoë" {
            assert_eq!(user["displayName"], "Zoë Müller", "of name.formatted");
        }
        if ["full", "zoë"].contains(&person.user_name.as_str()) {
            ids.push(user["id"].clone());
        }
    }
    let gone = installation.get("/Users?filter=userName%20eq%20%22leaver%22").await;
    assert_eq!(gone["totalResults"], 0, "who was deleted there is gone here");
    let group = installation.get(&format!("/Groups?filter=externalId%20eq%20%22{}%22", canaille.team)).await;
    let members: Vec<Value> = group["Resources"][0]["members"].as_array().unwrap().clone();
    let members: Vec<Value> = members.into_iter().map(|member| member["value"].clone()).collect();
    assert!(members.len() == 2 && ids.iter().all(|id| members.contains(id)), "{group}");
}

#[tokio::test(flavor = "multi_thread")]
async fn canaille_delivers_all_of_its_people_over_sqlite() {
    delivers(&Installation::with(&[NO_BRAKE])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn canaille_delivers_all_of_its_people_over_postgres() {
    delivers(&Installation::on_postgres_with(&[NO_BRAKE]).await).await;
}
