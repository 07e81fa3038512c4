use std::time::Duration;

use muster_domain::Clock;
use muster_notify::{Finding, Verdict};
use muster_notify_ses::SesSettings;
use muster_testkit::FixedClock;
use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{moto, sender, settings};

/// This machine's time, which is moto's too, as a new file has it: the clock's own function is banned.
fn now() -> OffsetDateTime {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().metadata().unwrap().modified().unwrap().into()
}

fn verdict(findings: &[Finding], check: &str) -> Option<(Verdict, String)> {
    findings.iter().find(|finding| finding.check == check).map(|finding| (finding.verdict, finding.detail.clone()))
}

fn quota(max_a_day: &str) -> String {
    format!(
        "<GetSendQuotaResponse><GetSendQuotaResult><Max24HourSend>{max_a_day}</Max24HourSend>\
         <MaxSendRate>1</MaxSendRate><SentLast24Hours>0</SentLast24Hours></GetSendQuotaResult></GetSendQuotaResponse>"
    )
}

/// `GetAccountSendingEnabled`, which moto does not know.
fn sending(enabled: bool) -> String {
    format!(
        "<GetAccountSendingEnabledResponse><GetAccountSendingEnabledResult><Enabled>{enabled}</Enabled>\
         </GetAccountSendingEnabledResult></GetAccountSendingEnabledResponse>"
    )
}

fn refusal(status: u16, code: &str) -> Fault {
    let body = format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>");
    Fault::json(status, body)
}

#[tokio::test]
async fn good_account_in_the_sandbox_is_told_apart_from_a_bad_one() {
    let (moto, region) = (moto().await, "us-east-1");
    moto.verify(region, "example.com").await;
    moto.create_configuration_set(region, "on-call").await;
    let good = SesSettings {
        from: "Muster <muster@alerts.example.com>".to_owned(),
        configuration_set: Some("on-call".to_owned()),
        ..settings(&moto.url(), region)
    };

    let findings = sender(&good).await.check(now()).await;
    let verdicts: Vec<_> = findings.iter().map(|finding| (finding.check, finding.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            ("clock", Verdict::Good),
            ("credentials", Verdict::Good),
            ("sandbox", Verdict::Warning),
            // moto does not know GetAccountSendingEnabled.
            ("sending", Verdict::Warning),
            ("sender", Verdict::Good),
            ("configuration set", Verdict::Good),
        ],
        "{findings:#?}"
    );

    let bad = SesSettings {
        from: "muster@nobody.example".to_owned(),
        configuration_set: Some("forgotten".to_owned()),
        ..settings(&moto.url(), region)
    };
    let findings = sender(&bad).await.check(now() - time::Duration::minutes(10)).await;
    assert_eq!(verdict(&findings, "clock").unwrap().0, Verdict::Bad);
    let (sender, what_to_do) = verdict(&findings, "sender").unwrap();
    assert_eq!(sender, Verdict::Bad);
    assert!(what_to_do.contains("muster@nobody.example") && what_to_do.contains("us-east-1"), "{what_to_do}");
    assert_eq!(verdict(&findings, "configuration set").unwrap().0, Verdict::Bad);
    assert!(moto.messages().await.iter().all(|kept| !kept.source.contains("nobody.example")));
}

#[rstest]
#[case("200", true, Verdict::Warning, Verdict::Good)]
#[case("50000", true, Verdict::Good, Verdict::Good)]
#[case("-1", false, Verdict::Good, Verdict::Bad)]
#[tokio::test]
async fn quota_and_pause_of_the_account_are_told(
    #[case] max_a_day: &str,
    #[case] enabled: bool,
    #[case] sandbox: Verdict,
    #[case] paused: Verdict,
) {
    // The questions after the first come in any order, and each is given the answer to every one.
    let rest = sending(enabled);
    let server = FaultServer::start([Fault::json(200, quota(max_a_day)), Fault::json(200, rest)]).await;
    let findings = sender(&settings(&server.url, "eu-west-1")).await.check(now()).await;
    assert_eq!(verdict(&findings, "sandbox").unwrap().0, sandbox, "{findings:#?}");
    assert_eq!(verdict(&findings, "sending").unwrap().0, paused, "{findings:#?}");
    assert!(server.requests().iter().all(|request| !request.contains("SendEmail")));
}

#[rstest]
#[case::unknown_key(refusal(403, "InvalidClientTokenId"), "AWS_ACCESS_KEY_ID")]
#[case::wrong_secret(refusal(403, "SignatureDoesNotMatch"), "AWS_SECRET_ACCESS_KEY")]
#[case::clock(
    refusal(403, "SignatureDoesNotMatch").with("date: Tue, 01 Jan 2019 00:00:00 GMT"),
    "this machine's time first"
)]
#[case::reset(Fault::ResetAfterRequest, "network")]
#[case::not_ses(Fault::json(200, "hello"), "it answered 200")]
#[tokio::test]
async fn credentials_that_do_not_work_say_what_to_do(#[case] fault: Fault, #[case] says: &str) {
    let server = FaultServer::start([fault]).await;
    let findings = sender(&settings(&server.url, "eu-west-1")).await.check(now()).await;
    let (verdict, detail) = verdict(&findings, "credentials").unwrap();
    assert_eq!((verdict, detail.contains(says)), (Verdict::Bad, true), "{findings:#?}");
    assert!(!detail.contains("a-secret-of-nobody"));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn refused_connection_is_told_as_such() {
    let findings = sender(&settings(&FaultServer::refusing_url(), "eu-west-1")).await.check(now()).await;
    let (verdict, detail) = verdict(&findings, "credentials").unwrap();
    assert_eq!((verdict, findings.len()), (Verdict::Bad, 1), "{findings:#?}");
    assert!(detail.contains("Connection refused"), "{detail}");
}

#[tokio::test]
async fn permission_to_send_alone_is_no_fault() {
    let server = FaultServer::start([refusal(403, "AccessDenied")]).await;
    let findings = sender(&settings(&server.url, "eu-west-1")).await.check(now()).await;
    assert!(findings.iter().all(|finding| finding.verdict != Verdict::Bad), "{findings:#?}");
    let (_, detail) = verdict(&findings, "sender").unwrap();
    assert!(detail.contains("ses:GetIdentityVerificationAttributes"), "{detail}");
}

#[tokio::test]
async fn check_ends_after_ten_seconds_with_no_answer() {
    let server = FaultServer::start([Fault::NoAnswer]).await;
    let began = Instant::now();
    let findings = sender(&settings(&server.url, "eu-west-1")).await.check(FixedClock::default().now()).await;
    assert!((Duration::from_secs(10)..Duration::from_secs(12)).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!(findings.len(), 1);
    assert!(findings[0].detail.contains("no answer in time"), "{findings:#?}");
}
