use serde_json::json;

use crate::common::Folder;
use crate::common::client::{Client, body};
use crate::common::secrecy::holders;
use crate::emulators::{code_by_sms, twilio, twilio_recorded};

#[tokio::test(flavor = "multi_thread")]
async fn in_development_mode_a_provider_that_is_set_up_carries_its_channel_and_its_codes_are_told_nobody() {
    let recorder = twilio_recorded().await;
    let folder = Folder::new();
    let mut settings = twilio(&recorder.url);
    settings.push(("MUSTER_PUBLIC_URL", "https://muster.example.com".to_owned()));
    settings.push(("MUSTER_LOG", "trace".to_owned()));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = folder.serve_with(&settings);
    let grace = Client::sign_in(&server.url, "grace@example.com").await;

    let sent = body(grace.ask_for_code("sms").await).await;
    assert_eq!(sent["sendSuccess"], true);
    assert!(sent.get("code").is_none(), "{sent}");
    let by_sms = code_by_sms(&recorder, "+12025550101");
    assert_eq!(grace.verify("sms", &by_sms).await.status(), 200);
    let by_email = grace.code("email").await;
    assert_eq!(grace.verify("email", &by_email).await.status(), 200);
    let outbox = grace.get("/dev/outbox").await;
    let channels: Vec<_> = outbox.as_array().unwrap().iter().map(|message| &message["channel"]).collect();
    assert_eq!(channels, ["email"]);
    assert_eq!(grace.get("/readyz").await["providers"], json!([{ "name": "twilio", "circuit": "closed" }]));
    for secret in [by_sms.as_str(), &by_email, "12025550101", "grace@example.com", settings[1].1] {
        let log = folder.log();
        assert_eq!(holders(&log, secret), Vec::<&str>::new());
    }
}
