use muster_testkit_providers::{Fault, FaultServer};
use serde_json::{Value, json};

use crate::common::client::{Client, body};
use crate::emulators::{moto, ses, twilio};
use crate::installation::{Installation, Person};

#[tokio::test(flavor = "multi_thread")]
async fn text_messages_go_to_no_country_that_is_not_allowed() {
    let provider = FaultServer::start([Fault::NoAnswer]).await;
    let allowed = [("MUSTER_CHANNELS", "sms".to_owned()), ("MUSTER_SMS_PREFIXES", "+44, +1312".to_owned())];
    let joan = Person::new("joan@limits.example", "+12025550170");
    let installation = Installation::new().with(twilio(&provider.url)).with(allowed).import(vec![joan]);
    let server = installation.serve();
    let (people, admin) = installation.sign_in(&server).await;
    for _ in 0..2 {
        let refused = people[0].ask_for_code("sms").await;
        assert_eq!(refused.status(), 409);
        assert_eq!(refused.json::<Value>().await.unwrap()["type"], "urn:muster:problem:destination-not-allowed");
    }
    let refusals = admin.get("/api/audit?action=contact.verification.refused").await;
    let [refusal] = <[Value; 1]>::try_from(refusals["items"].as_array().unwrap().clone()).unwrap();
    assert_eq!(refusal["details"], json!({ "method": "sms", "reason": "destinationNotAllowed" }));
    assert_eq!(provider.connections(), 0);
    installation.assert_silent("", &[]);
}

/// Which wait the answer asks for, in seconds.
async fn wait_of(client: &Client) -> u64 {
    let refused = client.ask_for_code("email").await;
    assert_eq!(refused.status(), 429);
    let wait = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(refused.json::<Value>().await.unwrap()["type"], "urn:muster:problem:too-soon");
    wait
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_and_again_and_proves_nothing_waits_longer_each_time() {
    let on = [("MUSTER_CHANNELS", "email".to_owned())];
    let mary = Person::new("mary@limits.example", "+12025550171");
    let installation = Installation::new().with(ses("eu-north-1").await).with(on).import(vec![mary.clone()]);
    let server = installation.serve();
    let (people, _) = installation.sign_in(&server).await;
    // A minute after the first and the second, then twice as long each time.
    for (number, minutes) in [(1, 1), (2, 1), (3, 2), (4, 4)] {
        assert_eq!(body(people[0].ask_for_code("email").await).await["sendSuccess"], true);
        let wait = wait_of(&people[0]).await;
        assert!((minutes * 60 - 20..=minutes * 60).contains(&wait), "{wait} s after number {number}");
        for _ in 0..minutes {
            assert!(wait_of(&people[0]).await > 0);
            installation.a_minute_passes();
        }
    }
    let messages = moto().await.messages().await;
    assert_eq!(messages.iter().filter(|message| message.to.contains(&mary.email)).count(), 4);
    installation.assert_silent("", &[]);
}
