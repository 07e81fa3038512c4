use muster_testkit_providers::{ApnsServer, FcmServer};
use serde_json::{Value, json};

use crate::common::client::body;
use crate::emulators::{ANDROID_TOKEN, IOS_TOKEN, Push, device, endpoint_of};
use crate::installation::{Installation, Person};

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_its_push_service_has_forgotten_goes_with_its_proof() {
    let push = Push::start().await;
    let installation = Installation::new();
    let settings = push.settings(&installation);
    let only_push = [("MUSTER_CHANNELS", "push".to_owned())];
    let people = ["web", "android", "ios"].map(|name| Person::new(&format!("{name}@dead.example"), "+12025550150"));
    let installation = installation.with(settings).with(only_push).import(people.to_vec());
    let server = installation.serve();
    let (people, admin) = installation.sign_in(&server).await;

    let browser = push.browser().await;
    let devices = [("web", browser.subscription.as_str()), ("android", ANDROID_TOKEN), ("ios", IOS_TOKEN)];
    let mut secrets = vec![ANDROID_TOKEN.to_owned(), IOS_TOKEN.to_owned(), endpoint_of(&browser)];
    for (client, (platform, token)) in people.iter().zip(devices) {
        let registered = body(client.post("/api/notifications/devices", device(platform, token)).await).await;
        assert_eq!(body(client.ask_for_code("push").await).await["sendSuccess"], true);
        let code = match platform {
            "web" => push.code_by_web(&browser).await,
            "android" => push.code_by_fcm(),
            _ => push.code_by_apns(),
        };
        assert_eq!(body(client.verify("push", &code).await).await["canBeOnCall"], true);
        secrets.push(code);

        match platform {
            "web" => push.web.expire(&browser).await,
            "android" => push.fcm.answer_next([FcmServer::refusal(404, "NOT_FOUND", Some("UNREGISTERED"))]),
            _ => push.apns.answer_next([ApnsServer::refusal(410, "Unregistered")]),
        }
        installation.a_minute_passes();
        let sent = body(client.ask_for_code("push").await).await;
        assert_eq!(sent["sendSuccess"], false, "{platform}: {sent}");

        let profile = client.get("/api/users/me").await;
        let status = &profile["verification"];
        assert_eq!(profile["devices"], json!([]), "{platform}");
        assert_eq!((&status["push"]["verified"], &status["canBeOnCall"]), (&json!(false), &json!(false)), "{status}");
        let audit = admin.get(&format!("/api/audit?userId={}&limit=2", profile["id"].as_str().unwrap())).await;
        let [expired, failed] = <[Value; 2]>::try_from(audit["items"].as_array().unwrap().clone()).unwrap();
        assert_eq!(expired["action"], "device.expired");
        assert_eq!(expired["details"], json!({ "deviceId": registered["id"], "platform": platform }));
        assert_eq!(failed["action"], "contact.verification.sent");
        assert_eq!(failed["details"]["delivery"]["outcome"], "gone");
        assert_eq!(client.ask_for_code("push").await.status(), 409, "there is nowhere to send it any more");
    }
    // That a device is gone says nothing about its push service.
    for provider in client_view(&people[0].get("/readyz").await) {
        assert_eq!(provider, "closed");
    }
    installation.assert_silent("", &secrets);
}

fn client_view(ready: &Value) -> Vec<String> {
    let providers = ready["providers"].as_array().unwrap();
    assert_eq!(providers.len(), 3);
    providers.iter().map(|provider| provider["circuit"].as_str().unwrap().to_owned()).collect()
}
