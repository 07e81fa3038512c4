use std::collections::HashSet;

use muster_testkit_postgres::{Database, empty_database};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::common::client::{at_once, body, count};
use crate::fleet::{Fleet, Turns};

#[derive(Debug, Clone, Copy)]
enum Over {
    /// One server over a file.
    Sqlite,
    /// Three servers over one database.
    Postgres,
}

impl Over {
    /// The servers, and their database, which goes when the test ends.
    async fn start(self) -> (Fleet, Option<Database>) {
        match self {
            Self::Sqlite => (Fleet::start(1, &[]), None),
            Self::Postgres => {
                let database = empty_database().await;
                (Fleet::over(&database.url), Some(database))
            }
        }
    }
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_300_sends_at_once_one_goes_out(#[case] over: Over) {
    let (fleet, _database) = over.start().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let turns = Turns::of(&grace);
    let answers = at_once(300, || {
        let grace = turns.next();
        async move { grace.post("/api/notifications/verification/send", json!({ "method": "sms" })).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (1, 299));
    for answer in answers.iter().filter(|answer| answer.status() == 429) {
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(fleet.messages().await, 1);
    eprintln!("{over:?}: 300 sends: 1 accepted, 299 refused, 1 message");
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_300_right_codes_at_once_one_succeeds(#[case] over: Over) {
    let (fleet, _database) = over.start().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let code = grace[0].code("email").await;
    let turns = Turns::of(&grace);
    let answers = at_once(300, || {
        let (grace, code) = (turns.next(), code.clone());
        async move { grace.verify("email", &code).await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 422)), (1, 299));
    eprintln!("{over:?}: 300 right codes: 1 accepted, 299 refused");
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_300_wrong_codes_at_once_five_are_counted_and_the_code_is_dead(#[case] over: Over) {
    let (fleet, _database) = over.start().await;
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
    let mut left = HashSet::new();
    for answer in answers.into_iter().filter(|answer| answer.status() == 422) {
        left.insert(answer.json::<Value>().await.unwrap()["attemptsLeft"].as_u64().unwrap());
    }
    assert_eq!(left, HashSet::from([0, 1, 2, 3, 4]));
    for grace in &grace {
        assert_eq!(grace.verify("sms", &right).await.status(), 429);
    }
    eprintln!("{over:?}: 300 wrong codes: 5 counted, 295 refused uncounted");
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refreshes_at_once_agree_on_one_successor(#[case] over: Over) {
    let (fleet, _database) = over.start().await;
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
    eprintln!("{over:?}: 100 refreshes: 100 accepted, 1 successor");
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_demote_each_other_at_once_leave_one(#[case] over: Over) {
    let (fleet, _database) = over.start().await;
    // At two servers, where there are two.
    let ada = fleet.sign_in("ada@example.com").await.swap_remove(0);
    let grace = fleet.sign_in("grace@example.com").await.pop().unwrap();
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
    eprintln!("{over:?}: 20 times two admins demoted each other: 20 accepted, 20 refused");
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_push_token_that_two_people_register_at_once_belongs_to_one(#[case] over: Over) {
    let (fleet, _database) = over.start().await;
    let grace = fleet.sign_in("grace@example.com").await;
    let linus = fleet.sign_in("linus@example.com").await;
    let people = [&grace[..], &linus].concat();
    let turns = Turns::of(&people);
    let answers = at_once(120, || {
        let person = turns.next();
        async move { person.post("/api/notifications/devices", json!({ "platform": "ios", "token": "shared" })).await }
    })
    .await;
    assert_eq!(count(&answers, 200) + count(&answers, 201), 120);
    for at_one_server in grace.iter().zip(&linus) {
        let mut holders = 0;
        for person in [at_one_server.0, at_one_server.1] {
            holders += person.get("/api/notifications/devices").await["items"].as_array().unwrap().len();
        }
        assert_eq!(holders, 1);
    }
    eprintln!("{over:?}: 120 registrations of one push token by two people: 120 accepted, 1 holder");
}
