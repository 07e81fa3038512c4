use crate::common::client::body;
use crate::emulators::{
    IOS_TOKEN, Push, code_by_email, code_by_sms, device, ses, twilio_recorded, twilio_with_service,
};
use crate::installation::{Installation, Person};

#[tokio::test(flavor = "multi_thread")]
async fn one_real_message_a_channel_goes_to_whom_the_operator_names_and_is_on_record() {
    let (recorder, push) = (twilio_recorded().await, Push::start().await);
    let ada = Person::new("ada@doctor.example", "+12025550161");
    let installation = Installation::new();
    let push_settings = push.settings(&installation);
    let installation = installation.with(ses("eu-south-1").await).with(twilio_with_service(&recorder.url));
    let installation = installation.with(push_settings).import(vec![ada.clone()]);
    let server = installation.serve();
    let (people, admin) = installation.sign_in(&server).await;
    let client = &people[0];
    body(client.post("/api/notifications/devices", device("ios", IOS_TOKEN)).await).await;

    let doctor = installation.run(&["doctor", "--send-to", "ADA@doctor.example"]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);
    for beginning in [
        "ok    email: send the provider took a message to ad***@doctor.example, as ",
        "ok    sms: send the provider took a message to ***0161, as SM",
        "ok    push: send the provider took a message to ios, as ",
    ] {
        assert!(doctor.out.lines().any(|line| line.starts_with(beginning)), "{beginning} is not in\n{}", doctor.out);
    }
    let codes = [
        ("email", code_by_email(&ada.email).await),
        ("sms", code_by_sms(&recorder, &ada.phone)),
        ("push", push.code_by_apns()),
    ];
    for (method, code) in &codes {
        assert_eq!(client.verify(method, code).await.status(), 200, "the code works");
    }
    let page = admin.get(&format!("/api/audit?userId={}&action=contact.verification.sent", client.id().await)).await;
    let records = page["items"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    for record in records {
        assert_eq!((&record["actor"]["type"], &record["actor"]["name"]), (&"system".into(), &"doctor".into()));
        assert_eq!(record["details"]["delivery"]["outcome"], "accepted");
    }

    let again = installation.run(&["doctor", "--send-to", &ada.email]);
    assert_eq!(again.code, Some(1), "{}", again.out);
    let refused = again
        .out
        .lines()
        .filter(|line| line.starts_with("BAD ") && line.contains(": send a code was sent too recently: try again in "));
    assert_eq!(refused.count(), 3, "{}", again.out);
    let nobody = installation.run(&["doctor", "--send-to", "eve@doctor.example"]);
    assert_eq!(nobody.code, Some(1));
    let error =
        "muster: no one active person has the user name or e-mail address eve@doctor.example: import them first";
    assert!(nobody.err.lines().any(|line| line == error), "{}", nobody.err);
    let messages = recorder.exchanges().iter().filter(|each| each.request.start.starts_with("POST ")).count();
    assert_eq!(messages, 1, "what is refused is not sent");

    let mut secrets = codes.map(|(_, code)| code).to_vec();
    secrets.push(IOS_TOKEN.to_owned());
    let told = [doctor, again, nobody].map(|ended| format!("{}{}", ended.out, ended.err)).concat();
    installation.assert_silent(&told, &secrets);
}
