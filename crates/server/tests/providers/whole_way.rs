use muster_testkit_providers::Recorder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::client::{Client, body};
use crate::emulators::{
    ANDROID_TOKEN, IOS_TOKEN, Push, code_by_email, code_by_sms, device, endpoint_of, ses, twilio, twilio_recorded,
};
use crate::installation::{Installation, Person};

/// Sends the person a code, which is not in the answer.
async fn send(person: &Client, request: Value) -> Value {
    let sent = body(person.post("/api/notifications/verification/send", request).await).await;
    assert_eq!(sent["sendSuccess"], true, "{sent}");
    assert!(sent.get("code").is_none(), "{sent}");
    sent
}

async fn verify(person: &Client, method: &str, code: &str) -> Value {
    body(person.verify(method, code).await).await
}

struct Stage {
    installation: Installation,
    recorder: Recorder,
    push: Push,
}

async fn stage(region: &str, people: Vec<Person>) -> Stage {
    let (recorder, push) = (twilio_recorded().await, Push::start().await);
    let installation = Installation::new();
    let push_settings = push.settings(&installation);
    let installation = installation.with(ses(region).await).with(twilio(&recorder.url)).with(push_settings);
    Stage { installation: installation.import(people), recorder, push }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_proves_every_channel_by_what_really_arrived_there() {
    let grace = Person::new("grace@whole-way.example", "+12025550147");
    let Stage { installation, recorder, push } = stage("eu-west-1", vec![grace.clone()]).await;
    let server = installation.serve();
    let (people, admin) = installation.sign_in(&server).await;
    let client = &people[0];

    let sent = send(client, json!({ "method": "email" })).await;
    assert_eq!(sent["destination"], "gr***@whole-way.example");
    let mut codes = vec![code_by_email(&grace.email).await];
    assert_eq!(verify(client, "email", &codes[0]).await["canBeOnCall"], false);
    let sent = send(client, json!({ "method": "sms" })).await;
    assert_eq!(sent["destination"], "***0147");
    codes.push(code_by_sms(&recorder, &grace.phone));
    let [exchange] = recorder.exchanges().try_into().unwrap();
    assert_eq!(exchange.response.start, "HTTP/1.1 201 Created", "Twilio's own document allows the request");
    assert_eq!(verify(client, "sms", &codes[1]).await["canBeOnCall"], false);

    let browser = push.browser().await;
    let devices = [("web", browser.subscription.as_str()), ("android", ANDROID_TOKEN), ("ios", IOS_TOKEN)];
    for (platform, token) in devices {
        let registered = body(client.post("/api/notifications/devices", device(platform, token)).await).await;
        let sent = send(client, json!({ "method": "push", "deviceId": registered["id"] })).await;
        assert_eq!(sent["destination"], platform);
        let code = match platform {
            "web" => push.code_by_web(&browser).await,
            "android" => push.code_by_fcm(),
            _ => push.code_by_apns(),
        };
        assert_eq!(verify(client, "push", &code).await["canBeOnCall"], true);
        codes.push(code);
        installation.a_minute_passes();
    }

    let status = client.get("/api/notifications/verification/status").await;
    assert_eq!((&status["allVerified"], &status["canBeOnCall"]), (&json!(true), &json!(true)));
    assert_sends_are_recorded(&admin, client).await;
    let metrics = assert_operators_see_it(client).await;
    for path in ["/dev/outbox", "/dev/login"] {
        assert_eq!(client.send(Method::GET, path, None).await.status(), 404);
    }
    assert_eq!(client.post("/dev/login", json!({ "email": grace.email })).await.status(), 404);

    assert!(server.stop().success());
    let mut secrets = codes;
    secrets.extend([endpoint_of(&browser), ANDROID_TOKEN.to_owned(), IOS_TOKEN.to_owned()]);
    secrets.push("access-token-1".to_owned());
    installation.assert_silent(&metrics, &secrets);
    let log = installation.folder.log();
    for logger in ["muster_http", "aws_sdk_ses", "h2", "hyper_util", "reqwest"] {
        let target = format!("\"target\":\"{logger}::");
        assert!(log.contains(&target), "{logger} logs what it does, or silence proves nothing");
    }
    let logged = "/api/notifications/verification/send".to_owned();
    assert!(installation.leak("", &[logged]).is_some(), "what is logged is found");
}

/// Each with the provider's own id, and no contact whole.
async fn assert_sends_are_recorded(admin: &Client, person: &Client) {
    let path = format!("/api/audit?userId={}&action=contact.verification.sent", person.id().await);
    let page = admin.get(&path).await;
    let records = page["items"].as_array().unwrap();
    let mut sends: Vec<_> = records
        .iter()
        .map(|record| {
            let delivery = &record["details"]["delivery"];
            assert_eq!(delivery["outcome"], "accepted", "{record}");
            let destination = record["details"]["destination"].as_str().unwrap();
            // The emulator of browsers' push services names no message.
            let has_id = delivery["providerMessageId"].as_str().is_some_and(|id| id.len() > 8);
            assert_eq!(has_id, destination != "web", "{record}");
            destination
        })
        .collect();
    sends.sort_unstable();
    assert_eq!(sends, ["***0147", "android", "gr***@whole-way.example", "ios", "web"]);
    let sms = records.iter().find(|record| record["details"]["method"] == "sms").unwrap();
    assert_eq!(sms["details"]["delivery"]["providerMessageId"], "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

/// Returns the metrics.
async fn assert_operators_see_it(client: &Client) -> String {
    let ready = client.get("/readyz").await;
    let names = ["ses", "twilio", "web-push", "fcm", "apns"];
    let closed: Vec<_> = names.iter().map(|name| json!({ "name": name, "circuit": "closed" })).collect();
    assert_eq!(ready, json!({ "status": "ready", "providers": closed }));
    let metrics = client.send(Method::GET, "/metrics", None).await.text().await.unwrap();
    for name in names {
        for line in [
            format!("muster_notify_sends_total{{provider=\"{name}\",outcome=\"accepted\"}} 1"),
            format!("muster_notify_circuit_open{{provider=\"{name}\"}} 0"),
            format!("muster_notify_send_seconds_count{{provider=\"{name}\"}} 1"),
        ] {
            assert!(metrics.lines().any(|each| each == line), "{line} is not in\n{metrics}");
        }
    }
    metrics
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_a_stranger_more_than_the_problem() {
    let eve = Person::new("eve@whole-way.example", "+12025550149");
    let Stage { installation, .. } = stage("eu-west-2", vec![eve]).await;
    let server = installation.serve();
    let stranger = Client::with_token(&server.url, "");
    let answer = stranger.ask_for_code("email").await;
    assert_eq!(answer.status(), 401);
    let (people, _) = installation.sign_in(&server).await;
    let forged = people[0].holding(&format!("{}x", people[0].token()));
    assert_eq!(forged.ask_for_code("email").await.status(), 401);
    assert_eq!(forged.send(Method::GET, "/api/users/me", None).await.status(), 401);
    installation.assert_silent("", &[]);
}
