use muster_testkit_postgres::{Database, empty_database};
use reqwest::Response;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::common::Folder;
use crate::common::client::{Client, body, count};
use crate::fleet::Fleet;

const PEOPLE: usize = 60;

#[derive(Debug, Clone, Copy)]
enum Over {
    /// One server over a file.
    Sqlite,
    /// Three servers over one database.
    Postgres,
}

/// Servers with sixty people, each signed in at one of them, and an admin.
struct Crowd {
    fleet: Fleet,
    people: Vec<Client>,
    ada: Client,
    /// Goes when the test ends.
    _database: Option<Database>,
}

impl Over {
    /// The numbers are by person, from 0.
    async fn crowd(self, limits: (&str, &str), phone: impl Fn(usize) -> String) -> Crowd {
        let database = match self {
            Self::Sqlite => None,
            Self::Postgres => Some(empty_database().await),
        };
        let mut settings = vec![limits];
        settings.extend(database.as_ref().map(|database| ("DATABASE_URL", database.url.as_str())));
        let folder = Folder::new();
        let person = |number: usize| {
            json!({
                "userName": format!("person{number}@example.com"),
                "emails": [{ "value": format!("person{number}@example.com") }],
                "phoneNumbers": [{ "value": phone(number) }],
            })
        };
        let mut roster: Vec<Value> = (0..PEOPLE).map(person).collect();
        roster.push(json!({ "userName": "ada@example.com" }));
        folder.write("people.json", Value::from(roster).to_string());
        for command in [&["import", "people.json"][..], &["admin", "grant", "ada@example.com"]] {
            let ended = folder.run_with(command, &settings);
            assert_eq!(ended.code, Some(0), "{}", ended.err);
        }
        let fleet = Fleet::start_in(folder, if database.is_some() { 3 } else { 1 }, &settings);
        let urls = fleet.urls();
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let person = Client::sign_in(&urls[0], &format!("person{number}@example.com")).await;
            people.push(person.at(&urls[number % urls.len()]));
        }
        let ada = Client::sign_in(&urls[0], "ada@example.com").await;
        Crowd { fleet, people, ada, _database: database }
    }
}

impl Crowd {
    /// Everybody asks for a code, all at once.
    async fn all_ask(&self, method: &'static str) -> Vec<Response> {
        let mut asking = JoinSet::new();
        for person in self.people.clone() {
            asking.spawn(async move { person.ask_for_code(method).await });
        }
        asking.join_all().await
    }

    /// The refusals on record for a reason.
    async fn refusals(&self, reason: &str) -> usize {
        let page = self.ada.get("/api/audit?action=contact.verification.refused&limit=200").await;
        assert!(page["nextCursor"].is_null());
        let records = page["items"].as_array().unwrap();
        records.iter().filter(|record| record["details"]["reason"] == reason).count()
    }
}

/// Fails unless every refusal is this problem and says when to come back, within a day.
async fn assert_refused(answers: Vec<Response>, problem: &str) {
    for answer in answers.into_iter().filter(|answer| answer.status() != 200) {
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=86_400).contains(&wait), "{wait}");
        let told: Value = answer.json().await.unwrap();
        assert_eq!(told["type"], format!("urn:muster:problem:{problem}"));
    }
}

fn own_number(person: usize) -> String {
    format!("+1202555{:04}", 100 + person)
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_people_at_once_as_many_are_sent_a_code_as_the_installation_may(#[case] over: Over) {
    let crowd = over.crowd(("MUSTER_SENDS_IN_ALL", "10/10"), own_number).await;
    let answers = crowd.all_ask("sms").await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (10, 50));
    assert_refused(answers, "installation-quota").await;
    assert_eq!(crowd.fleet.messages().await, 10);
    assert_eq!(crowd.refusals("installationQuota").await, 50, "once for each who was refused");

    // Those who were sent one come too soon, the others are refused again, which is on record already.
    let again = crowd.all_ask("sms").await;
    assert_eq!(count(&again, 429), PEOPLE);
    assert_eq!((crowd.refusals("tooSoon").await, crowd.refusals("installationQuota").await), (10, 50));
    let by_another_channel = crowd.all_ask("email").await;
    assert_eq!(count(&by_another_channel, 429), PEOPLE);
    assert_eq!(crowd.fleet.messages().await, 10);
    let metrics = crowd.refusals_counted().await;
    assert_eq!(metrics, 50 + 60 + 60, "every refusal is counted");
    eprintln!("{over:?}: 60 people, 10 codes: 10 messages, 50 refused; 180 requests, 170 refusals counted");
}

impl Crowd {
    /// What the servers' metrics say together.
    async fn refusals_counted(&self) -> usize {
        let mut counted = 0;
        for url in self.fleet.urls() {
            let answer = self.ada.at(&url).send(reqwest::Method::GET, "/metrics", None).await;
            let metrics = answer.text().await.unwrap();
            let lines = metrics.lines().filter(|line| line.starts_with("muster_codes_refused_total{"));
            counted += lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum::<usize>();
        }
        counted
    }
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_sixty_people_share_gets_as_many_codes_as_one_number_may(#[case] over: Over) {
    let crowd = over.crowd(("MUSTER_SENDS_PER_DESTINATION", "5/8"), |_| "+12025550199".to_owned()).await;
    let answers = crowd.all_ask("sms").await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (5, 55));
    assert_refused(answers, "destination-quota").await;
    assert_eq!(crowd.fleet.messages().await, 5);
    assert_eq!(crowd.refusals("destinationQuota").await, 55);
    // Their own addresses are other destinations.
    assert_eq!(count(&crowd.all_ask("email").await, 200), PEOPLE);
    eprintln!("{over:?}: 60 people with one number, 5 codes: 5 messages, 55 refused");
}

#[rstest]
#[case::one_server_over_sqlite(Over::Sqlite)]
#[case::three_servers_over_postgresql(Over::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_one_person_is_on_record_once_for_each_reason(#[case] over: Over) {
    let crowd = over.crowd(("MUSTER_SENDS_PER_USER", "2/2"), own_number).await;
    let person = &crowd.people[0];
    let mut flood = JoinSet::new();
    for turn in 0..120 {
        let urls = crowd.fleet.urls();
        let at_one = person.at(&urls[turn % urls.len()]);
        let method = if turn % 2 == 0 { "email" } else { "sms" };
        flood.spawn(async move { at_one.ask_for_code(method).await });
    }
    let answers = flood.join_all().await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (2, 118));
    body(person.post("/api/notifications/devices", json!({ "platform": "ios", "token": "a-token" })).await).await;
    let answers = [person.ask_for_code("push").await, person.ask_for_code("push").await];
    assert_eq!(count(&answers, 429), 2);
    assert_refused(answers.into(), "user-quota").await;
    assert_eq!(crowd.fleet.messages().await, 2);
    let by_channel = (crowd.refusals("tooSoon").await, crowd.refusals("userQuota").await);
    eprintln!("{over:?}: 122 requests of one person: 2 messages, refusals on record {by_channel:?}");
    assert_eq!(by_channel.0, 2, "too soon, by e-mail and by SMS");
    assert_eq!(by_channel.1, 1, "over their quota, by push");
}
