use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::common::client::{at_once, count};
use crate::installation::Installation;

const TIGHT: [(&str, &str); 2] = [("MUSTER_DEACTIVATION_BRAKE_PERCENT", "1"), ("MUSTER_DEACTIVATION_BRAKE_FREE", "3")];

/// Twelve people whom the directory deactivates all at once: three go, and nobody else until an admin says so.
async fn three_of_twelve(installation: Installation) {
    let mut people = Vec::new();
    for number in 0..12 {
        people.push(installation.add(&format!("user{number}")).await["id"].as_str().unwrap().to_owned());
    }
    let client = installation.directory.clone();
    let body = serde_json::json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
    let next = std::sync::atomic::AtomicUsize::new(0);
    let answers = at_once(12, || {
        let id = people[next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)].clone();
        let (client, body) = (client.clone(), body.clone());
        async move { client.send(Method::PATCH, &format!("/scim/v2/Users/{id}"), Some(body)).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (3, 9));
    for refused in answers.iter().filter(|answer| answer.status() == 429) {
        let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(wait > 0);
    }
    let active = installation.get("/Users?filter=active%20eq%20true&count=0").await;
    assert_eq!(active["totalResults"], 9 + 3, "nine of these and the three of the demo");

    let admin = installation.sign_in("ada@example.com").await;
    let recorded = async |action: &str| -> Vec<Value> {
        let page = admin.get(&format!("/api/audit?action={action}&limit=200")).await;
        page["items"].as_array().unwrap().clone()
    };
    assert_eq!(recorded("directory.brake.engaged").await.len(), 1);
    assert_eq!(recorded("directory.deactivation.refused").await.len(), 9);
    let metrics = admin.send(Method::GET, "/metrics", None).await.text().await.unwrap();
    for line in ["muster_directory_brakes_engaged 1", "muster_directory_deactivations_refused_total 9"] {
        assert!(metrics.lines().any(|each| each == line), "{line} is not in {metrics}");
    }

    let status = installation.done(&["directory", "status"]);
    assert!(status.contains("Okta") && status.contains('9'), "{status}");
    let released = installation.done(&["directory", "release"]);
    assert!(released.contains("Okta"), "{released}");
    assert_eq!(recorded("directory.brake.released").await.len(), 1);
    let left = installation.get("/Users?filter=active%20eq%20true%20and%20userName%20sw%20%22user%22").await;
    let id = left["Resources"][0]["id"].as_str().unwrap();
    assert_eq!(installation.deactivate(id).await.status(), StatusCode::OK);
    let metrics = admin.send(Method::GET, "/metrics", None).await.text().await.unwrap();
    assert!(metrics.lines().any(|line| line == "muster_directory_brakes_engaged 0"), "{metrics}");
    let again = installation.folder.run_with(&["directory", "release", "Okta"], &installation.settings());
    assert_eq!(again.code, Some(1), "{}{}", again.out, again.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brake_lets_no_more_through_than_it_may_until_it_is_released_over_sqlite() {
    three_of_twelve(Installation::with(&TIGHT)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brake_lets_no_more_through_than_it_may_until_it_is_released_over_postgres() {
    three_of_twelve(Installation::on_postgres_with(&TIGHT).await).await;
}
