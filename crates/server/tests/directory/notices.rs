use reqwest::StatusCode;
use serde_json::json;

use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_new_number_is_told_by_e_mail_and_must_prove_it_again() {
    let installation = Installation::on_sqlite();
    let ada = installation.add("ada").await;
    let client = installation.sign_in("ada@scim.example").await;
    for method in ["email", "sms"] {
        let code = client.code(method).await;
        assert_eq!(client.verify(method, &code).await.status(), StatusCode::OK);
    }
    // A code on its way to the old number.
    let in_flight = client.post("/api/notifications/devices", json!({ "platform": "android", "token": "t" })).await;
    assert_eq!(in_flight.status(), StatusCode::CREATED);

    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let phone = json!([{ "op": "replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+12025550199" }]);
    assert_eq!(installation.patch(&path, phone).await.status(), StatusCode::OK);
    let status = client.get("/api/notifications/verification/status").await;
    assert_eq!((&status["email"]["verified"], &status["sms"]["verified"]), (&json!(true), &json!(false)));

    let told = installation.told("***0199").await;
    let [(channel, to, body)] = &told[..] else { panic!("only e-mail is proven: {told:?}") };
    assert_eq!((channel.as_str(), to.as_str()), ("email", "ada@scim.example"));
    assert!(!body.contains("+12025550199"), "{body}");
    let admin = installation.sign_in("ada@example.com").await;
    for _ in 0..50 {
        let sent = admin.get("/api/audit?action=notice.sent").await;
        if let Some(record) = sent["items"].get(0) {
            assert_eq!((&record["userId"], &record["details"]["channel"]), (&ada["id"], &json!("email")));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no record of the notice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_on_its_way_to_the_old_number_is_dead() {
    let installation = Installation::on_sqlite();
    let ada = installation.add("ada").await;
    let client = installation.sign_in("ada@scim.example").await;
    let code = client.code("sms").await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let phone = json!([{ "op": "replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+12025550199" }]);
    assert_eq!(installation.patch(&path, phone).await.status(), StatusCode::OK);
    assert_eq!(client.verify("sms", &code).await.status(), 422);
}
