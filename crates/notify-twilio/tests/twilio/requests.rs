use std::error::Error;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use muster_domain::verification::SmsSender;
use muster_notify_twilio::{SenderId, SetupError, TwilioSender, TwilioSettings};
use muster_testkit_providers::{Recorded, Recorder};
use rstest::rstest;

use crate::common::{
    ACCOUNT, FROM, SERVICE, TO, TOKEN, message, notice, number, sender, sender_with, settings, twilio_by_prism,
};

const BODY: &str = "042917 is your Muster code. It works for 15 minutes.\n\n@muster.example.com #042917";

fn form(request: &Recorded) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_message_is_asked_for_as_twilio_documents_it() {
    let recorder = Recorder::before(twilio_by_prism().await.port).await;
    let receipt = sender(&recorder.url).send_sms(&number(), &message()).await.unwrap();
    assert_eq!(receipt.provider_message_id.as_deref(), Some("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    assert!(!receipt.captured);

    let [exchange] = recorder.exchanges().try_into().unwrap();
    assert_eq!(exchange.response.start, "HTTP/1.1 201 Created");
    let request = exchange.request;
    assert_eq!(request.start, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1"));
    let credentials = BASE64_STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    assert_eq!(request.header("authorization"), Some(format!("Basic {credentials}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(form(&request), pairs(&[("To", TO), ("From", FROM), ("Body", BODY), ("ValidityPeriod", "900")]));
}

#[tokio::test]
async fn a_notice_is_asked_for_with_the_longest_validity() {
    let recorder = Recorder::before(twilio_by_prism().await.port).await;
    let receipt = sender(&recorder.url).send_sms(&number(), &notice()).await.unwrap();
    assert_eq!(receipt.provider_message_id.as_deref(), Some("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));

    let [exchange] = recorder.exchanges().try_into().unwrap();
    assert_eq!(exchange.response.start, "HTTP/1.1 201 Created");
    let body = "Muster: your e-mail address is now ad***@example.com. Prove it again, or you cannot be on call. Is it \
                wrong? Tell an administrator at once.";
    let expected = [("To", TO), ("From", FROM), ("Body", body), ("ValidityPeriod", "36000")];
    assert_eq!(form(&exchange.request), pairs(&expected));
}

#[tokio::test]
async fn a_messaging_service_is_named_instead_of_a_number() {
    let recorder = Recorder::before(twilio_by_prism().await.port).await;
    let sender = sender_with(TwilioSettings {
        sender: SenderId::messaging_service(SERVICE).unwrap(),
        origin_host: None,
        ..settings(&recorder.url)
    });
    sender.send_sms(&number(), &message()).await.unwrap();

    let [exchange] = recorder.exchanges().try_into().unwrap();
    assert_eq!(exchange.response.start, "HTTP/1.1 201 Created");
    let body = "042917 is your Muster code. It works for 15 minutes.";
    let expected = [("To", TO), ("MessagingServiceSid", SERVICE), ("Body", body), ("ValidityPeriod", "900")];
    assert_eq!(form(&exchange.request), pairs(&expected));
}

#[rstest]
#[case::no_recipient(ACCOUNT, Some(TOKEN), "Body=hello", 422)]
#[case::malformed_service(ACCOUNT, Some(TOKEN), "To=%2B12025550147&MessagingServiceSid=MG1", 422)]
#[case::validity_that_is_no_number(ACCOUNT, Some(TOKEN), "To=%2B12025550147&ValidityPeriod=soon", 422)]
#[case::malformed_account("AC1", Some(TOKEN), "To=%2B12025550147", 422)]
#[case::no_credentials(ACCOUNT, None, "To=%2B12025550147", 401)]
#[tokio::test]
async fn prism_refuses_what_twilio_does_not_document(
    #[case] account: &str,
    #[case] token: Option<&str>,
    #[case] form: &'static str,
    #[case] status: u16,
) {
    let url = format!("{}/2010-04-01/Accounts/{account}/Messages.json", twilio_by_prism().await.url());
    let request = muster_notify::transport::client().unwrap().build().unwrap().post(url);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let request = if token.is_some() { request.basic_auth(account, token) } else { request };
    assert_eq!(request.send().await.unwrap().status(), status);
}

#[tokio::test]
async fn a_base_address_with_a_path_is_kept() {
    let recorder = Recorder::before(twilio_by_prism().await.port).await;
    let sender = sender(&format!("{}/twilio/", recorder.url));
    // Prism has nothing there.
    sender.send_sms(&number(), &message()).await.unwrap_err();
    let [exchange] = recorder.exchanges().try_into().unwrap();
    assert!(exchange.request.start.starts_with(&format!("POST /twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json ")));
}

#[rstest]
#[case("ftp://api.twilio.com")]
#[case("https://user@api.twilio.com")]
#[case("https://:word@api.twilio.com")]
#[case("https://api.twilio.com?key=1")]
#[case("https://api.twilio.com#key")]
#[case("data:text/plain,hello")]
fn what_is_no_base_address_is_refused(#[case] url: &str) {
    let outcome = TwilioSender::new(settings(url), muster_notify::Policy::default());
    assert!(matches!(outcome, Err(SetupError::BaseUrl(_))));
}

#[rstest]
#[case("")]
#[case("two words")]
#[case("line\n")]
#[case("Schlüssel")]
fn what_is_no_auth_token_is_refused(#[case] token: &str) {
    let settings = TwilioSettings { auth_token: token.into(), ..settings("https://api.twilio.com") };
    assert!(matches!(TwilioSender::new(settings, muster_notify::Policy::default()), Err(SetupError::AuthToken(_))));
}

#[tokio::test]
async fn twilio_async_s_own_client_reaches_nobody() {
    let twilio = twilio_async::Twilio::new(ACCOUNT, TOKEN).unwrap();
    let error = twilio_async::TwilioRequest::run(&twilio.send_msg(FROM, TO, BODY)).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("disabled"), "{error:?}");
}
