use std::time::{Duration, Instant};

use muster_testkit_providers::{Fault, FaultServer};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::common::client::{Client, body};
use crate::emulators::{code_by_email, ses, twilio, twilio_example};
use crate::installation::{Installation, Person};

const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";

/// A send, and how long it took.
async fn timed_send(client: &Client, method: &str) -> (Value, Duration) {
    let began = Instant::now();
    let sent = body(client.ask_for_code(method).await).await;
    (sent, began.elapsed())
}

async fn circuit(client: &Client, provider: &str) -> String {
    let ready = client.get("/readyz").await;
    assert_eq!(ready["status"], "ready");
    let providers = ready["providers"].as_array().unwrap();
    let found = providers.iter().find(|each| each["name"] == provider).unwrap();
    found["circuit"].as_str().unwrap().to_owned()
}

async fn metric(client: &Client, line: &str) -> Option<u64> {
    let metrics = client.send(Method::GET, "/metrics", None).await.text().await.unwrap();
    metrics.lines().find_map(|each| each.strip_prefix(line)?.trim().parse().ok())
}

#[rstest]
#[case::refuses_connections("refused", "unavailable", "ap-south-1")]
#[case::never_answers("silent", "timed_out", "ap-south-2")]
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_is_left_alone_and_harms_no_other(
    #[case] how: &str,
    #[case] outcome: &str,
    #[case] region: &str,
) {
    let taken = Fault::json(201, twilio_example(MESSAGES, "post", "201").to_string());
    let mut script = vec![Fault::NoAnswer; 5];
    script.push(taken);
    let provider = FaultServer::start(script).await;
    let url = if how == "refused" { FaultServer::refusing_url() } else { provider.url.clone() };
    let on = [("MUSTER_CHANNELS", "email,sms".to_owned())];
    let people = Person::many(8);
    let installation = Installation::new().with(ses(region).await).with(twilio(&url)).with(on).import(people.clone());
    let server = installation.serve();
    let (clients, admin) = installation.sign_in(&server).await;

    let mut worst = Duration::ZERO;
    let mut sending = JoinSet::new();
    for client in &clients[..5] {
        let client = client.clone();
        sending.spawn(async move { timed_send(&client, "sms").await });
    }
    for (sent, took) in sending.join_all().await {
        assert_eq!(sent["sendSuccess"], false, "{sent}");
        // The deadline is 5 s; the rest is for a busy machine.
        assert!(took < Duration::from_secs(8), "{took:?}");
        worst = worst.max(took);
    }
    eprintln!("{how}: 5 sends at once, the worst took {} ms", worst.as_millis());
    assert_eq!(circuit(&admin, "twilio").await, "open");
    assert_eq!(circuit(&admin, "ses").await, "closed");
    assert_eq!(metric(&admin, "muster_notify_circuit_open{provider=\"twilio\"}").await, Some(1));
    let failed = format!("muster_notify_sends_total{{provider=\"twilio\",outcome=\"{outcome}\"}}");
    assert_eq!(metric(&admin, &failed).await, Some(5));

    let (sent, took) = timed_send(&clients[5], "sms").await;
    eprintln!("{how}: a send while the circuit is open took {} ms", took.as_millis());
    assert_eq!(sent["sendSuccess"], false, "{sent}");
    let skipped = "muster_notify_sends_total{provider=\"twilio\",outcome=\"circuit_open\"}";
    assert_eq!(metric(&admin, skipped).await, Some(1));
    assert_eq!(timed_send(&clients[0], "email").await.0["sendSuccess"], true);
    let code = code_by_email(&people[0].email).await;
    assert_eq!(clients[0].verify("email", &code).await.status(), 200);
    let path = format!("/api/audit?userId={}&action=contact.verification.sent", clients[1].id().await);
    let recorded = admin.get(&path).await["items"][0]["details"].clone();
    assert_eq!(recorded["sendSuccess"], false, "{recorded}");
    assert_eq!(recorded["delivery"], json!({ "outcome": if how == "refused" { "unavailable" } else { "timedOut" } }));

    if how == "silent" {
        assert_eq!(provider.connections(), 5, "what Twilio may have taken is not sent again");
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(circuit(&admin, "twilio").await, "half-open");
        assert_eq!(timed_send(&clients[6], "sms").await.0["sendSuccess"], true);
        assert_eq!(circuit(&admin, "twilio").await, "closed");
        assert_eq!(metric(&admin, "muster_notify_circuit_open{provider=\"twilio\"}").await, Some(0));
    }
    installation.assert_silent("", &[code]);
}
