//! The default chain reads the environment, which a process has but one of: these tests run this program again, with an
//! environment made for them.

use std::env;
use std::process::Command;

use muster_domain::verification::EmailSender;
use muster_notify_ses::SesSettings;
use muster_testkit_providers::{Fault, FaultServer};

use super::{accepted, ada, message, sender, settings};

const SES: &str = "MUSTER_TEST_SES";
const SENDS: &str = "MUSTER_TEST_SENDS";

/// What the program does that the other tests run. By itself it does nothing.
#[tokio::test]
async fn run_with_the_environment_alone() {
    let Some(ses) = env::var_os(SES) else { return };
    let settings = SesSettings { credentials: None, ..settings(ses.to_str().unwrap(), "eu-west-1") };
    let sender = sender(&settings).await;
    if env::var_os(SENDS).is_some() {
        println!("{:?}", sender.send_email(&ada(), &message()).await);
    }
}

async fn run(environment: &[(&str, &str)]) -> String {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", "credentials::run_with_the_environment_alone", "--nocapture"]).env_clear();
    program.env("HOME", "/nonexistent").envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    said
}

#[tokio::test]
async fn default_chain_is_asked_on_the_first_send_and_not_before() {
    let role = FaultServer::start([Fault::json(
        200,
        r#"{"AccessKeyId": "ASIAOFTHEROLE", "SecretAccessKey": "lent", "Token": "lent-too", "Expiration": "2099-01-01T00:00:00Z"}"#,
    )])
    .await;
    let ses = FaultServer::start([accepted()]).await;
    let environment = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.url.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        (SES, &ses.url),
    ];

    run(&environment).await;
    assert_eq!((role.connections(), ses.connections()), (0, 0));

    let said = run(&[&environment[..], &[(SENDS, "1")]].concat()).await;
    assert!(said.contains("Some(\"m-1\")"), "{said}");
    assert_eq!((role.connections(), ses.connections()), (1, 1));
    let request = &ses.requests()[0];
    assert!(
        request.contains("Credential=ASIAOFTHEROLE/") && request.contains("/eu-west-1/ses/aws4_request"),
        "{request}"
    );
    assert!(request.contains("x-amz-security-token: lent-too"), "{request}");
}

#[tokio::test]
async fn keys_in_the_environment_are_taken() {
    let ses = FaultServer::start([accepted()]).await;
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAOFTHEENV"), ("AWS_SECRET_ACCESS_KEY", "from-the-environment")];
    let said = run(&[&keys[..], &[(SES, ses.url.as_str()), (SENDS, "1")]].concat()).await;
    assert!(said.contains("Some(\"m-1\")"), "{said}");
    assert!(ses.requests()[0].contains("Credential=AKIAOFTHEENV/"));
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let ses = FaultServer::start([accepted()]).await;
    let said = run(&[("AWS_EC2_METADATA_DISABLED", "true"), (SES, &ses.url), (SENDS, "1")]).await;
    assert!(said.contains("Err(Unavailable(") && said.contains("CredentialsNotLoaded"), "{said}");
    assert_eq!(ses.connections(), 0);
}
