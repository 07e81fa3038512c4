use std::collections::HashSet;

use serde_json::json;

use crate::common::Folder;
use crate::common::client::{Client, at_once, body, count};

#[tokio::test(flavor = "multi_thread")]
async fn of_300_sends_at_once_one_goes_out() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let answers = at_once(300, || {
        let grace = grace.clone();
        async move { grace.post("/api/notifications/verification/send", json!({ "method": "sms" })).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (1, 299));
    let throttled = answers.iter().filter(|answer| answer.status() == 429);
    for answer in throttled {
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(grace.get("/dev/outbox").await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_300_wrong_codes_at_once_five_are_counted_and_the_code_is_dead() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let right = grace.code("sms").await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let answers = at_once(300, || {
        let grace = grace.clone();
        async move { grace.verify("sms", wrong).await }
    })
    .await;
    assert_eq!((count(&answers, 422), count(&answers, 429)), (5, 295));
    let mut left = HashSet::new();
    for answer in answers.into_iter().filter(|answer| answer.status() == 422) {
        let problem: serde_json::Value = answer.json().await.unwrap();
        left.insert(problem["attemptsLeft"].as_u64().unwrap());
    }
    assert_eq!(left, HashSet::from([0, 1, 2, 3, 4]));
    assert_eq!(grace.verify("sms", &right).await.status(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_300_right_codes_at_once_one_succeeds() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let code = grace.code("email").await;
    let answers = at_once(300, || {
        let (grace, code) = (grace.clone(), code.clone());
        async move { grace.verify("email", &code).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 422)), (1, 299));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refreshes_at_once_agree_on_one_successor() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let token = grace.open_session().await;
    let successors: HashSet<String> = at_once(100, || {
        let (grace, token) = (grace.clone(), token.clone());
        async move { body(grace.refresh(&token).await).await["refreshToken"].as_str().unwrap().to_owned() }
    })
    .await
    .into_iter()
    .collect();
    assert_eq!(successors.len(), 1);
    for successor in &successors {
        assert_eq!(grace.refresh(successor).await.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_token_that_three_people_register_at_once_belongs_to_one() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut people = Vec::new();
    for email in ["ada@example.com", "grace@example.com", "linus@example.com"] {
        people.push(Client::sign_in(&server.url, email).await);
    }
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let answers = at_once(120, || {
        let turn = turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let person = people[turn % people.len()].clone();
        async move { person.post("/api/notifications/devices", json!({ "platform": "ios", "token": "shared" })).await }
    })
    .await;
    assert_eq!(count(&answers, 200) + count(&answers, 201), 120);
    let mut holders = 0;
    for person in &people {
        holders += person.get("/api/notifications/devices").await["items"].as_array().unwrap().len();
    }
    assert_eq!(holders, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_demote_each_other_at_once_leave_one() {
    let folder = Folder::new();
    let server = folder.serve();
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let (ada_role, grace_role) =
        (format!("/api/users/{}/role", ada.id().await), format!("/api/users/{}/role", grace.id().await));
    for _ in 0..10 {
        let (admin, user) = (Some(json!({ "role": "admin" })), Some(json!({ "role": "user" })));
        // Whoever is still an admin makes the other one again.
        for (person, role) in [(&ada, &grace_role), (&grace, &ada_role)] {
            person.send(reqwest::Method::PATCH, role, admin.clone()).await;
        }
        let (first, second) = tokio::join!(
            ada.send(reqwest::Method::PATCH, &grace_role, user.clone()),
            grace.send(reqwest::Method::PATCH, &ada_role, user.clone()),
        );
        let demoted = [&first, &second].into_iter().filter(|answer| answer.status() == 200).count();
        assert_eq!(demoted, 1, "{} {}", first.status(), second.status());
    }
}
