use muster_notify_ses::{InvalidSesSettings, SesSender, SesSettings};
use rstest::rstest;

use super::{quick, settings};

fn good() -> SesSettings {
    settings("http://127.0.0.1:9", "eu-west-1")
}

#[rstest]
#[case(SesSettings { region: String::new(), ..good() }, "must be the name of an AWS region, like eu-west-1")]
#[case(SesSettings { region: "eu-west-1.evil.example".to_owned(), ..good() }, "must be the name of an AWS region, like eu-west-1")]
#[case(
    SesSettings { from: "nobody".to_owned(), ..good() },
    "must be an e-mail address, or one with a name: Muster <muster@example.com>"
)]
#[case(
    SesSettings { configuration_set: Some("on call".to_owned()), ..good() },
    "must be a configuration set: 1 to 64 letters, digits, _ and -"
)]
#[case(SesSettings { endpoint_url: Some("localhost:5000".to_owned()), ..good() }, "must be an http or https address")]
#[case(SesSettings { public_url: Some("muster".to_owned()), ..good() }, "the public URL must be an http or https URL")]
#[tokio::test]
async fn bad_setting_is_named(#[case] settings: SesSettings, #[case] expected: &str) {
    let refused: InvalidSesSettings = SesSender::new(&settings, quick()).await.unwrap_err();
    assert_eq!(refused.to_string(), expected);
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let settings = good();
    let sender = SesSender::new(&settings, quick()).await.unwrap();
    assert!(!format!("{settings:?} {sender:?}").contains("a-secret-of-nobody"));
}
