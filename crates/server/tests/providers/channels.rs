use serde_json::{Value, json};

use crate::common::client::body;
use crate::emulators::{code_by_email, ses};
use crate::installation::{Installation, Person};

#[tokio::test(flavor = "multi_thread")]
async fn where_only_email_is_on_nothing_else_is_set_up_asked_for_or_needed() {
    let linus = Person::new("linus@channels.example", "+12025550148");
    let only_email = [("MUSTER_CHANNELS", "email".to_owned())];
    let installation = Installation::new().with(ses("eu-central-1").await).with(only_email).import(vec![linus.clone()]);
    let server = installation.serve();
    let (people, _) = installation.sign_in(&server).await;
    let client = &people[0];

    for method in ["sms", "push"] {
        let refused = client.ask_for_code(method).await;
        assert_eq!(refused.status(), 409);
        assert_eq!(refused.json::<Value>().await.unwrap()["type"], "urn:muster:problem:channel-off");
    }
    let before = client.get("/api/notifications/verification/status").await;
    assert_eq!((&before["missing"], &before["canBeOnCall"]), (&json!(["email"]), &json!(false)));
    assert_eq!(body(client.ask_for_code("email").await).await["sendSuccess"], true);
    let code = code_by_email(&linus.email).await;
    assert_eq!(body(client.verify("email", &code).await).await["canBeOnCall"], true);
    assert_eq!(client.get("/api/users/me").await["verification"]["allVerified"], true);
    assert_eq!(client.get("/readyz").await["providers"], json!([{ "name": "ses", "circuit": "closed" }]));

    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);
    for channel in ["sms", "push"] {
        let line = format!("ok    {channel}: channel is off (MUSTER_CHANNELS): nobody has to prove it");
        assert!(doctor.out.lines().any(|each| each == line), "{}", doctor.out);
    }
    installation.assert_silent(&format!("{}{}", doctor.out, doctor.err), &[code]);
}
