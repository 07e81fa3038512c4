use std::time::{Duration, Instant};

use muster_notify::{Finding, Verdict};
use muster_notify_twilio::{SenderId, TwilioSettings};
use muster_testkit::FixedClock;
use muster_testkit_providers::{Fault, FaultServer, Recorder};
use rstest::rstest;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::common::{ACCOUNT, FROM, SERVICE, TO, TOKEN, examples, sender, sender_with, settings, twilio_by_prism};

/// [`FixedClock::START`] as a `Date` header has it.
const DATE: &str = "date: Sun, 22 Nov 2026 12:00:00 GMT";
const NOW: OffsetDateTime = FixedClock::START;

fn account(status: &str, kind: &str) -> Fault {
    let mut account = examples("/2010-04-01/Accounts/{Sid}.json", "get", "200").swap_remove(0).1;
    account["status"] = status.into();
    account["type"] = kind.into();
    Fault::json(200, account.to_string()).with(DATE)
}

/// The documented example of a list with a number in it.
fn numbers(number: &str, capabilities: Value) -> Fault {
    let examples = examples("/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json", "get", "200");
    let mut list = examples.into_iter().find(|(name, _)| name == "readFull").unwrap().1;
    list["incoming_phone_numbers"][0]["phone_number"] = number.into();
    list["incoming_phone_numbers"][0]["capabilities"] = capabilities;
    Fault::json(200, list.to_string())
}

fn verdicts(findings: &[Finding]) -> Vec<(&'static str, Verdict)> {
    findings.iter().map(|finding| (finding.check, finding.verdict)).collect()
}

fn assert_no_secret(findings: &[Finding]) {
    assert!(findings.iter().all(|finding| !finding.detail.contains(TOKEN) && !finding.detail.contains("auth_token")));
}

#[tokio::test]
async fn what_is_asked_is_what_twilio_documents_and_sends_nothing() {
    let recorder = Recorder::before(twilio_by_prism().await.port).await;
    let findings = sender(&recorder.url).check(NOW).await;
    assert_no_secret(&findings);
    assert_eq!(verdicts(&findings)[1..3], [("credentials", Verdict::Good), ("account", Verdict::Good)]);

    let [account, numbers] = recorder.exchanges().try_into().unwrap();
    assert_eq!(account.request.start, format!("GET /2010-04-01/Accounts/{ACCOUNT}.json HTTP/1.1"));
    assert_eq!(account.response.start, "HTTP/1.1 200 OK");
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json");
    assert_eq!(numbers.request.start, format!("GET {path}?PhoneNumber=%2B15005550006 HTTP/1.1"));
    assert_eq!(numbers.request.header("authorization"), account.request.header("authorization"));
    // Twilio's own example of this reply is not what its schema asks for, so Prism answers 500; of the request it has
    // nothing to say, or it would be 422.
    assert_eq!(numbers.response.start, "HTTP/1.1 500 Internal Server Error");
    let violations: Vec<Value> = serde_json::from_str(numbers.response.header("sl-violations").unwrap()).unwrap();
    assert!(violations.iter().all(|violation| violation["location"][0] == "response"));
}

#[tokio::test]
async fn prism_refuses_a_search_for_numbers_that_twilio_does_not_document() {
    let url = twilio_by_prism().await.url();
    let url = format!("{url}/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json?PageSize=0");
    let client = muster_notify::transport::client().unwrap().build().unwrap();
    assert_eq!(client.get(url).basic_auth(ACCOUNT, Some(TOKEN)).send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn all_is_well_with_an_active_account_that_has_the_number() {
    let list = numbers(FROM, json!({"sms": true, "mms": false, "voice": false}));
    let server = FaultServer::start([account("active", "Full"), list]).await;
    let findings = sender(&server.url).check(NOW).await;
    let good = ["clock", "credentials", "account", "sender"].map(|check| (check, Verdict::Good));
    assert_eq!(verdicts(&findings), good);
    assert_no_secret(&findings);
}

#[rstest]
#[case::trial("active", "Trial", Verdict::Warning)]
#[case::suspended("suspended", "Full", Verdict::Bad)]
#[case::closed("closed", "Full", Verdict::Bad)]
#[case::unknown("dormant", "Full", Verdict::Bad)]
#[tokio::test]
async fn the_account_s_state_is_told(#[case] status: &str, #[case] kind: &str, #[case] expected: Verdict) {
    let server = FaultServer::start([account(status, kind), numbers(FROM, json!({"SMS": true}))]).await;
    let findings = sender(&server.url).check(NOW).await;
    assert_eq!(verdicts(&findings)[2..], [("account", expected), ("sender", Verdict::Good)]);
}

#[rstest]
#[case::cannot_send_text(numbers(FROM, json!({"sms": false, "mms": true})))]
#[case::no_capabilities(numbers(FROM, Value::Null))]
#[case::another_number(numbers(TO, json!({"sms": true})))]
#[case::none(Fault::json(200, r#"{"incoming_phone_numbers":[]}"#))]
#[case::not_a_list(Fault::json(200, "{}"))]
#[case::refused(Fault::json(404, r#"{"code":20404}"#))]
#[tokio::test]
async fn a_number_that_cannot_send_is_told(#[case] list: Fault) {
    let server = FaultServer::start([account("active", "Full"), list]).await;
    let findings = sender(&server.url).check(NOW).await;
    assert_eq!(verdicts(&findings)[3..], [("sender", Verdict::Bad)]);
}

#[rstest]
#[case::messaging_service(SenderId::messaging_service(SERVICE).unwrap())]
#[case::alphanumeric(SenderId::number("Muster").unwrap())]
#[case::short_code(SenderId::number("12345").unwrap())]
#[tokio::test]
async fn what_cannot_be_looked_up_is_said_to_be_so(#[case] from: SenderId) {
    let server = FaultServer::start([account("active", "Full")]).await;
    let findings = sender_with(TwilioSettings { sender: from, ..settings(&server.url) }).check(NOW).await;
    assert_eq!(verdicts(&findings)[3..], [("sender", Verdict::Warning)]);
    assert_eq!(server.connections(), 1);
}

#[rstest]
#[case::wrong_token(Fault::json(401, r#"{"code":20003}"#), "credentials", Verdict::Bad)]
#[case::no_such_account(Fault::json(404, r#"{"code":20404}"#), "credentials", Verdict::Bad)]
#[case::throttled(Fault::json(429, r#"{"code":20429}"#), "credentials", Verdict::Warning)]
#[case::down(Fault::json(503, "down"), "connection", Verdict::Bad)]
#[case::redirected(Fault::json(301, "").with("location: /"), "credentials", Verdict::Bad)]
#[case::reset(Fault::ResetAfterRequest, "connection", Verdict::Bad)]
#[tokio::test]
async fn what_twilio_refuses_is_told_and_ends_the_check(
    #[case] fault: Fault,
    #[case] check: &'static str,
    #[case] expected: Verdict,
) {
    let server = FaultServer::start([fault]).await;
    let findings = sender(&server.url).check(NOW).await;
    assert_eq!(verdicts(&findings), [(check, expected)]);
    assert_eq!(server.connections(), 1);
    assert_no_secret(&findings);
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_told() {
    for fault in [Fault::json(200, "<html>"), Fault::HalfAnswer(200)] {
        let server = FaultServer::start([fault]).await;
        let findings = sender(&server.url).check(NOW).await;
        assert!(verdicts(&findings).contains(&("account", Verdict::Bad)), "{findings:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_even_when_the_credentials_are() {
    let server = FaultServer::start([Fault::json(401, "{}").with(DATE)]).await;
    let findings = sender(&server.url).check(NOW - time::Duration::HOUR).await;
    assert_eq!(verdicts(&findings), [("clock", Verdict::Bad), ("credentials", Verdict::Bad)]);
}

#[tokio::test]
async fn a_twilio_that_cannot_be_reached_is_told_with_the_reason() {
    let findings = sender(&FaultServer::refusing_url()).check(NOW).await;
    assert_eq!(verdicts(&findings), [("connection", Verdict::Bad)]);
    assert!(findings[0].detail.contains("refused"), "{}", findings[0].detail);
}

#[tokio::test]
async fn a_twilio_that_does_not_answer_is_told_after_ten_seconds() {
    let server = FaultServer::start([account("active", "Full"), Fault::NoAnswer]).await;
    let began = Instant::now();
    let findings = sender(&server.url).check(NOW).await;
    assert!((10..12).contains(&began.elapsed().as_secs()));
    assert!(began.elapsed() < Duration::from_secs(12));
    assert_eq!(verdicts(&findings)[3..], [("connection", Verdict::Bad)]);
}
