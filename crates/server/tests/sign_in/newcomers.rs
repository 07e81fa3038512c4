use reqwest::Method;
use serde_json::{Value, json};

use crate::common::client::{Client, at_once, count};
use crate::installation::{Installation, assert_refused, me, person, provider, token};

fn newcomer() -> Value {
    json!({ "sub": "00u7new", "email": "Eve@newcomer.example", "email_verified": true, "name": "Eve Newcomb" })
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_directory_has_not_delivered_is_refused() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    let server = installation.serve();
    let admin = installation.admin(&server, &provider).await;
    let stranger = Client::with_token(&server.url, &token(&provider, newcomer()).await);
    for _ in 0..2 {
        assert_refused(&stranger).await;
    }
    let people = admin.get("/api/users").await;
    assert_eq!(people["items"].as_array().unwrap().len(), 1, "{people}");
    // The directory delivers them, and the same token is good.
    installation.import(&[person("00u7new", "eve@newcomer.example")]);
    assert_eq!(me(&stranger).await.status(), 200);
    installation.assert_silent(&["00u7new", "@newcomer.example", "Newcomb"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_added_once_however_many_requests_come_at_once() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    let server = installation.serve();
    let admin = installation.admin(&server, &provider).await;
    let eve = Client::with_token(&server.url, &token(&provider, newcomer()).await);
    let answers = at_once(50, || {
        let eve = eve.clone();
        async move { me(&eve).await }
    })
    .await;
    assert_eq!(count(&answers, 200), 50);
    let profile = eve.get("/api/users/me").await;
    assert_eq!(
        [&profile["userName"], &profile["displayName"], &profile["email"], &profile["role"]],
        ["Eve@newcomer.example", "Eve Newcomb", "Eve@newcomer.example", "user"]
    );
    assert_eq!(profile["verification"]["email"]["verifiedAt"], Value::Null, "the provider's word proves nothing");
    assert_eq!(eve.send(Method::GET, "/api/users", None).await.status(), 403);

    let records = admin.get("/api/audit?action=signin.user.created").await;
    let [record] = <[Value; 1]>::try_from(records["items"].as_array().unwrap().clone()).unwrap();
    assert_eq!(record["userId"], profile["id"], "{record}");
    assert_eq!(record["actor"], json!({ "type": "anonymous" }));
    assert_eq!(record["details"], json!({ "userName": "Ev***@newcomer.example" }));
    installation.assert_silent(&["00u7new", "Eve@newcomer.example", "Newcomb"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_the_same_person_when_the_directory_delivers_them_and_goes_with_its_word() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    let server = installation.serve();
    let eve = Client::with_token(&server.url, &token(&provider, newcomer()).await);
    let id = eve.id().await;
    // Under the name by which they are known, and an id that need not be the provider's.
    let mut delivered = person("directory-7", "eve@newcomer.example");
    delivered["phoneNumbers"] = json!([{ "value": "+12025550190", "type": "mobile" }]);
    assert_eq!(installation.import(&[delivered.clone()]).code, Some(0));
    let profile = eve.get("/api/users/me").await;
    assert_eq!([&profile["id"], &profile["userName"]], [id.as_str(), "eve@newcomer.example"]);
    assert_eq!(profile["phone"], "+12025550190", "signing in again takes nothing away");
    delivered["active"] = json!(false);
    assert_eq!(installation.import(&[delivered]).code, Some(0));
    assert_refused(&eve).await;
    installation.assert_silent(&["00u7new", "@newcomer.example", "12025550190"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_or_changes_somebody_else_by_signing_in() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    let server = installation.serve();
    let admin = installation.admin(&server, &provider).await;
    let mut ada = person("", "ada@newcomer.example");
    ada["phoneNumbers"] = json!([{ "value": "+12025550191", "type": "mobile" }]);
    installation.import(&[ada]);
    let before = admin.get("/api/users?q=ada").await;
    // Her user name is this one's id at the provider, and the only name it has.
    let other = token(&provider, json!({ "sub": "ada@newcomer.example" })).await;
    assert_refused(&Client::with_token(&server.url, &other)).await;
    assert_eq!(admin.get("/api/users?q=ada").await, before);
    let id = before["items"][0]["id"].as_str().unwrap();
    let profile = admin.get(&format!("/api/users/{id}")).await;
    assert_eq!([&profile["email"], &profile["phone"]], ["ada@newcomer.example", "+12025550191"]);
    installation.assert_silent(&["ada@newcomer.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_whose_token_has_no_name_is_completed_by_one_question_to_userinfo() {
    let provider = provider().await;
    provider.tell_userinfo(newcomer()).await;
    let installation = Installation::trusting(&provider.issuer()).that_takes_newcomers();
    let server = installation.serve();
    let eve = Client::with_token(&server.url, &token(&provider, json!({ "sub": "00u7new" })).await);
    let answers = at_once(50, || {
        let eve = eve.clone();
        async move { me(&eve).await }
    })
    .await;
    assert_eq!(count(&answers, 200), 50);
    assert_eq!(provider.asked_userinfo().await, 1);
    let profile = eve.get("/api/users/me").await;
    assert_eq!(
        [&profile["userName"], &profile["displayName"], &profile["email"]],
        ["Eve@newcomer.example", "Eve Newcomb", "Eve@newcomer.example"]
    );
    // Another's token: userinfo says that it is about Eve, and she is not who asks.
    let mallory = eve.holding(&token(&provider, json!({ "sub": "00u8" })).await);
    for _ in 0..5 {
        assert_refused(&mallory).await;
    }
    assert_eq!(provider.asked_userinfo().await, 2);
    assert_eq!(installation.reasons(), ["no-name"; 5]);
    installation.assert_silent(&["00u7new", "00u8", "Eve@newcomer.example", "Newcomb"]);
}
