use std::time::{Duration, Instant};

use muster_testkit_providers::{Fault, FaultServer};
use tokio::task::JoinSet;

use crate::common::client::{Client, body};
use crate::emulators::twilio;
use crate::installation::{Installation, Person};

const PEOPLE: usize = 200;

/// How long each of many requests for the own profile took, one after the other until the flood is over.
async fn reads_until(client: &Client, over: impl Fn() -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !over() {
        let began = Instant::now();
        let profile = client.get("/api/users/me").await;
        assert!(profile["id"].is_string());
        took.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    took.sort_unstable();
    took
}

fn percentile(sorted: &[Duration], percent: usize) -> u128 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)].as_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_flood_at_a_provider_that_never_answers_nothing_is_lost() {
    let provider = FaultServer::start([Fault::NoAnswer]).await;
    let on = [("MUSTER_CHANNELS", "sms".to_owned())];
    let installation = Installation::new().with(twilio(&provider.url)).with(on).import(Person::many(PEOPLE));
    let server = installation.serve();
    let (clients, admin) = installation.sign_in(&server).await;
    let start = Instant::now();
    let quiet = reads_until(&admin, || start.elapsed() > Duration::from_secs(1)).await;

    let mut flood = JoinSet::new();
    for client in clients {
        flood.spawn(async move {
            let began = Instant::now();
            let answer = client.ask_for_code("sms").await;
            (body(answer).await, began.elapsed())
        });
    }
    let flooding = tokio::spawn(flood.join_all());
    let meanwhile = reads_until(&admin, || flooding.is_finished()).await;
    let answers = flooding.await.unwrap();

    assert_eq!(answers.len(), PEOPLE);
    let mut took: Vec<_> = answers.iter().map(|(_, took)| *took).collect();
    took.sort_unstable();
    for (sent, _) in &answers {
        assert_eq!(sent["sendSuccess"], false, "{sent}");
    }
    let recorded = admin.get("/api/audit?action=contact.verification.sent&limit=200").await;
    assert_eq!(recorded["items"].as_array().unwrap().len(), PEOPLE);
    eprintln!(
        "{PEOPLE} sends at once: p50 {} ms, worst {} ms; {} connections to the provider",
        percentile(&took, 50),
        percentile(&took, 100),
        provider.connections()
    );
    for (when, reads) in [("before", &quiet), ("meanwhile", &meanwhile)] {
        let (count, p50, p99) = (reads.len(), percentile(reads, 50), percentile(reads, 99));
        eprintln!("GET /api/users/me {when}: {count} answers, p50 {p50} ms, p99 {p99} ms");
    }
    installation.assert_silent("", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_ends_the_sends_that_are_under_way() {
    let provider = FaultServer::start([Fault::NoAnswer]).await;
    let on = [("MUSTER_CHANNELS", "sms".to_owned())];
    let installation = Installation::new().with(twilio(&provider.url)).with(on).import(Person::many(4));
    let server = installation.serve();
    let (clients, _) = installation.sign_in(&server).await;
    let mut sends = JoinSet::new();
    for client in clients {
        sends.spawn(async move { body(client.ask_for_code("sms").await).await });
    }
    while provider.requests().len() < 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.terminate();
    for sent in sends.join_all().await {
        assert_eq!(sent["sendSuccess"], false, "{sent}");
    }
    assert!(tokio::task::spawn_blocking(|| server.ended()).await.unwrap().success());
    let server = installation.serve();
    let (_, admin) = installation.sign_in(&server).await;
    let recorded = admin.get("/api/audit?action=contact.verification.sent").await;
    assert_eq!(recorded["items"].as_array().unwrap().len(), 4);
    installation.assert_silent("", &[]);
}
