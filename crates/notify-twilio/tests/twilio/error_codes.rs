use muster_domain::verification::{NotifyError, SmsSender};
use muster_notify::{Circuit, Policy, Refusal};
use muster_notify_twilio::{SenderId, TwilioSender, TwilioSettings};
use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use serde_json::json;

use crate::common::{TO, assert_silent, message, number, sender, settings};

/// As Twilio writes them, with the number in the text.
fn problem(status: u16, code: u32) -> Fault {
    let body = json!({
        "code": code,
        "message": format!("The 'To' number {TO} is not what it should be"),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    Fault::json(status, body.to_string())
}

fn refusal(error: &NotifyError) -> &Refusal {
    let (NotifyError::Rejected(cause) | NotifyError::Unavailable(cause)) = error else {
        panic!("no refusal: {error:?}");
    };
    cause.downcast_ref().unwrap()
}

#[rstest]
#[tokio::test]
async fn what_is_the_recipient_s_is_rejected_once(
    #[values(
        21211, 21214, 21217, 21219, 21265, 21266, 21268, 21401, 21408, 21421, 21608, 21610, 21612, 21614, 21635, 21662,
        21703, 30003, 30004, 30005, 30006, 30007, 30008, 30024, 30032, 30034, 30035, 30036, 30450
    )]
    code: u32,
) {
    let server = FaultServer::start([problem(400, code)]).await;
    let sender = sender(&server.url);
    let error = sender.send_sms(&number(), &message()).await.unwrap_err();
    assert!(matches!(error, NotifyError::Rejected(_)), "{error:?}");
    assert_eq!(refusal(&error), &Refusal { status: 400, code: Some(code.to_string()) });
    assert_silent(&error);
    assert_eq!(server.connections(), 1);
}

#[rstest]
#[tokio::test]
async fn what_is_the_operator_s_is_a_failure_that_is_not_tried_again(
    #[values(
        (401, 20003), (403, 20003), (401, 20005), (403, 20006), (403, 20008), (404, 20404), (400, 21210), (400, 21212),
        (400, 21264), (400, 21267), (400, 21470), (400, 21471), (400, 21472), (400, 21603), (400, 21606), (400, 21607),
        (400, 21657), (400, 21659), (400, 21660), (400, 21661), (400, 21663), (400, 21668), (400, 21701), (400, 21702),
        (400, 21704), (400, 21705), (400, 21709), (400, 30002)
    )]
    (status, code): (u16, u32),
) {
    let server = FaultServer::start([problem(status, code)]).await;
    let error = sender(&server.url).send_sms(&number(), &message()).await.unwrap_err();
    assert!(matches!(error, NotifyError::Unavailable(_)), "{error:?}");
    assert_eq!(refusal(&error), &Refusal { status, code: Some(code.to_string()) });
    assert_silent(&error);
    assert_eq!(server.connections(), 1);
}

#[rstest]
#[tokio::test]
async fn a_limit_throttles_whatever_its_status(
    #[values((429, 20429), (400, 21611), (429, 63038), (400, 30001), (400, 30022), (400, 30023))] (status, code): (
        u16,
        u32,
    ),
) {
    let fault = problem(status, code).with("retry-after: 30");
    let server = FaultServer::start([fault]).await;
    let error = sender(&server.url).send_sms(&number(), &message()).await.unwrap_err();
    let NotifyError::Throttled { retry_after: Some(wait) } = error else { panic!("{error:?}") };
    assert_eq!(wait, time::Duration::seconds(30));
    assert_eq!(server.connections(), 1, "30 s are longer than a send lasts");
}

#[rstest]
#[case::rejected(400, NotifyError::Rejected("".into()))]
#[case::our_credentials(401, NotifyError::Unavailable("".into()))]
#[case::our_credentials(403, NotifyError::Unavailable("".into()))]
#[case::wrong_base_address(404, NotifyError::Unavailable("".into()))]
#[case::wrong_base_address(405, NotifyError::Unavailable("".into()))]
#[case::a_proxy_of_ours(407, NotifyError::Unavailable("".into()))]
#[case::may_have_been_taken(408, NotifyError::Unavailable("".into()))]
#[case::wrong_base_address(301, NotifyError::Unavailable("".into()))]
#[case::wrong_base_address(307, NotifyError::Unavailable("".into()))]
#[tokio::test]
async fn without_a_code_that_is_known_the_status_speaks(#[case] status: u16, #[case] expected: NotifyError) {
    for fault in [problem(status, 29_999), Fault::json(status, "{}"), Fault::json(status, "not JSON")] {
        let server = FaultServer::start([fault.with("location: /elsewhere")]).await;
        let error = sender(&server.url).send_sms(&number(), &message()).await.unwrap_err();
        assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&expected), "{error:?}");
        assert_eq!(refusal(&error).status, status);
        assert_eq!(server.connections(), 1);
    }
}

#[rstest]
#[case::number("+15005550006", false)]
#[case::short_code("12345", true)]
#[case::alphanumeric("Muster", true)]
#[tokio::test]
async fn a_sender_that_one_country_does_not_take_closes_the_way_for_nobody(
    #[case] from: &str,
    #[case] stays_open: bool,
) {
    for code in [21606, 21659] {
        let server = FaultServer::start([problem(400, code)]).await;
        let settings = TwilioSettings { sender: SenderId::number(from).unwrap(), ..settings(&server.url) };
        let sender = TwilioSender::new(settings, Policy { failures: 2, ..Policy::default() }).unwrap();
        for _ in 0..2 {
            sender.send_sms(&number(), &message()).await.unwrap_err();
        }
        assert_eq!(sender.state().circuit, if stays_open { Circuit::Closed } else { Circuit::Open });
    }
}

#[tokio::test]
async fn recipients_that_are_rejected_close_the_way_for_nobody_and_bad_credentials_do() {
    let server = FaultServer::start([problem(400, 21408)]).await;
    let rejecting = sender(&server.url);
    for _ in 0..8 {
        rejecting.send_sms(&number(), &message()).await.unwrap_err();
    }
    assert_eq!((rejecting.state().provider, rejecting.state().circuit), ("twilio", Circuit::Closed));

    let server = FaultServer::start([problem(401, 20003)]).await;
    let locked_out = sender(&server.url);
    for _ in 0..8 {
        locked_out.send_sms(&number(), &message()).await.unwrap_err();
    }
    assert_eq!(locked_out.state().circuit, Circuit::Open);
    assert_eq!(server.connections(), 5);
}
