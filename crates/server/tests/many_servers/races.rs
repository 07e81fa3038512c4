use std::collections::HashSet;

use muster_testkit_postgres::{Database, empty_database};
use reqwest::Method;
use serde_json::json;

use crate::common::client::{at_once, body, count};
use crate::fleet::{Fleet, Turns};

/// Three servers over a database that goes when the test ends.
async fn fleet() -> (Fleet, Database) {
    let database = empty_database().await;
    (Fleet::over(&database.url), database)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_300_sends_at_once_to_three_servers_one_goes_out() {
    let (fleet, _database) = fleet().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let turns = Turns::of(&grace);
    let answers = at_once(300, || {
        let grace = turns.next();
        async move { grace.post("/api/notifications/verification/send", json!({ "method": "sms" })).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (1, 299));
    assert_eq!(fleet.messages().await, 1);
    eprintln!("300 sends: {} accepted, {} refused, 1 message", count(&answers, 200), count(&answers, 429));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_300_right_codes_at_once_at_three_servers_one_succeeds() {
    let (fleet, _database) = fleet().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let code = grace[0].code("email").await;
    let turns = Turns::of(&grace);
    let answers = at_once(300, || {
        let (grace, code) = (turns.next(), code.clone());
        async move { grace.verify("email", &code).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 422)), (1, 299));
    eprintln!("300 right codes: {} accepted, {} refused", count(&answers, 200), count(&answers, 422));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_300_wrong_codes_at_once_at_three_servers_five_are_counted_and_the_code_is_dead() {
    let (fleet, _database) = fleet().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let right = grace[0].code("sms").await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let turns = Turns::of(&grace);
    let answers = at_once(300, || {
        let grace = turns.next();
        async move { grace.verify("sms", wrong).await }
    })
    .await;
    assert_eq!((count(&answers, 422), count(&answers, 429)), (5, 295));
    for grace in &grace {
        assert_eq!(grace.verify("sms", &right).await.status(), 429);
    }
    eprintln!("300 wrong codes: {} counted, {} refused", count(&answers, 422), count(&answers, 429));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refreshes_at_once_at_three_servers_agree_on_one_successor() {
    let (fleet, _database) = fleet().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let token = grace[0].open_session().await;
    let turns = Turns::of(&grace);
    let successors: HashSet<String> = at_once(100, || {
        let (grace, token) = (turns.next(), token.clone());
        async move { body(grace.refresh(&token).await).await["refreshToken"].as_str().unwrap().to_owned() }
    })
    .await
    .into_iter()
    .collect();
    assert_eq!(successors.len(), 1);
    let successor = successors.into_iter().next().unwrap();
    for grace in &grace {
        assert_eq!(grace.refresh(&successor).await.status(), 200, "nobody is logged out");
    }
    eprintln!("100 refreshes: 100 accepted, 1 successor");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_demote_each_other_at_once_at_two_servers_leave_one() {
    let (fleet, _database) = fleet().await;
    let ada = fleet.sign_in("ada@example.com").await.swap_remove(0);
    let grace = fleet.sign_in("grace@example.com").await.swap_remove(1);
    let (ada_role, grace_role) =
        (format!("/api/users/{}/role", ada.id().await), format!("/api/users/{}/role", grace.id().await));
    for _ in 0..20 {
        let (admin, user) = (Some(json!({ "role": "admin" })), Some(json!({ "role": "user" })));
        // Whoever is still an admin makes the other one again.
        for (person, role) in [(&ada, &grace_role), (&grace, &ada_role)] {
            person.send(Method::PATCH, role, admin.clone()).await;
        }
        let (first, second) = tokio::join!(
            ada.send(Method::PATCH, &grace_role, user.clone()),
            grace.send(Method::PATCH, &ada_role, user.clone()),
        );
        let demoted = [&first, &second].into_iter().filter(|answer| answer.status() == 200).count();
        assert_eq!(demoted, 1, "{} {}", first.status(), second.status());
    }
    eprintln!("20 times two admins demoted each other: 20 accepted, 20 refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_token_that_two_people_register_at_once_at_three_servers_belongs_to_one() {
    let (fleet, _database) = fleet().await;
    let mut people = fleet.sign_in("grace@example.com").await;
    people.extend(fleet.sign_in("linus@example.com").await);
    let turns = Turns::of(&people);
    let answers = at_once(120, || {
        let person = turns.next();
        async move { person.post("/api/notifications/devices", json!({ "platform": "ios", "token": "shared" })).await }
    })
    .await;
    assert_eq!(count(&answers, 200) + count(&answers, 201), 120);
    for server in 0..3 {
        let mut holders = 0;
        for person in [&people[server], &people[3 + server]] {
            holders += person.get("/api/notifications/devices").await["items"].as_array().unwrap().len();
        }
        assert_eq!(holders, 1);
    }
    eprintln!("120 registrations of one push token by two people: 120 accepted, 1 holder");
}
