use std::time::{Duration, Instant};

use muster_domain::verification::{NotifyError, SmsSender};
use muster_notify::Policy;
use muster_notify_twilio::TwilioSender;
use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use serde_json::json;

use crate::common::{DEADLINE, MESSAGE, assert_silent, message, number, sender, settings};

/// How long the slowest of the quick cases may take on a busy machine: two waits, of 200 and 600 ms at the most.
const QUICK: Duration = Duration::from_millis(1400);

fn html(status: u16) -> Fault {
    Fault::Answer {
        status,
        headers: vec!["content-type: text/html".to_owned()],
        body: "<h1>+12025550147</h1>".to_owned(),
    }
}

fn unavailable(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Unavailable(_))
}

fn rejected(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Rejected(_))
}

fn throttled_for(seconds: Option<i64>) -> impl Fn(&NotifyError) -> bool {
    let wait = seconds.map(time::Duration::seconds);
    move |error| matches!(error, NotifyError::Throttled { retry_after } if *retry_after == wait)
}

/// The number of connections tells how often it was tried: again only when Twilio has surely not taken the message.
#[rstest]
#[case::reset_after_the_request(Fault::ResetAfterRequest, unavailable, 1)]
#[case::half_an_answer(Fault::HalfAnswer(201), unavailable, 1)]
#[case::half_a_refusal(Fault::HalfAnswer(400), rejected, 1)]
#[case::half_an_answer_503(Fault::HalfAnswer(503), unavailable, 3)]
#[case::throttled(Fault::json(429, "{}"), throttled_for(None), 3)]
#[case::throttled_for_a_moment(Fault::json(429, "{}").with("retry-after: 0"), throttled_for(Some(0)), 3)]
#[case::throttled_for_long(Fault::json(429, "{}").with("retry-after: 7"), throttled_for(Some(7)), 1)]
#[case::status_500(html(500), unavailable, 1)]
#[case::status_502(html(502), unavailable, 1)]
#[case::status_503(html(503), unavailable, 3)]
#[case::status_503_for_long(html(503).with("retry-after: 60"), unavailable, 1)]
#[case::status_504(html(504), unavailable, 1)]
#[case::success_that_is_not_json(html(201), unavailable, 1)]
#[case::refusal_that_is_not_json(html(400), rejected, 1)]
#[tokio::test]
async fn a_fault_is_told_and_tried_again_only_where_nothing_was_taken(
    #[case] fault: Fault,
    #[case] is_expected: impl Fn(&NotifyError) -> bool,
    #[case] connections: usize,
) {
    let server = FaultServer::start([fault.clone()]).await;
    let sender = sender(&server.url);
    let began = Instant::now();
    let error = sender.send_sms(&number(), &message()).await.unwrap_err();
    let took = began.elapsed();
    eprintln!("{fault:?}: {error} after {} ms, {connections} connections", took.as_millis());
    assert!(is_expected(&error), "{error:?}");
    assert_silent(&error);
    assert_eq!(server.connections(), connections);
    assert!(took < QUICK, "{took:?}");
}

#[tokio::test]
async fn a_refused_connection_fails_soon() {
    let sender = sender(&FaultServer::refusing_url());
    let began = Instant::now();
    let error = sender.send_sms(&number(), &message()).await.unwrap_err();
    eprintln!("refused: {error} after {} ms", began.elapsed().as_millis());
    assert!(unavailable(&error), "{error:?}");
    assert_silent(&error);
    // Tried three times, with waits of 100 and 300 ms between.
    assert!((Duration::from_millis(400)..QUICK).contains(&began.elapsed()));
}

#[rstest]
#[case::impatient(Policy { deadline: DEADLINE, ..Policy::default() })]
#[case::in_earnest(Policy::default())]
#[tokio::test]
async fn no_answer_ends_at_the_deadline_and_is_not_tried_again(#[case] policy: Policy) {
    let server = FaultServer::start([Fault::NoAnswer]).await;
    let sender = TwilioSender::new(settings(&server.url), policy).unwrap();
    let began = Instant::now();
    let error = sender.send_sms(&number(), &message()).await.unwrap_err();
    let took = began.elapsed();
    eprintln!("no answer: {error} after {} ms", took.as_millis());
    assert!(matches!(error, NotifyError::TimedOut), "{error:?}");
    assert_silent(&error);
    assert_eq!(server.connections(), 1);
    assert!((policy.deadline..policy.deadline + Duration::from_millis(500)).contains(&took), "{took:?}");
}

#[rstest]
#[case::throttled(Fault::json(429, "{}"))]
#[case::throttled_for_a_second(Fault::json(429, "{}").with("retry-after: 1"))]
#[case::not_working_for_now(html(503))]
#[tokio::test]
async fn what_passes_is_got_over(#[case] fault: Fault) {
    let taken = Fault::json(201, json!({"sid": MESSAGE, "status": "queued"}).to_string());
    let server = FaultServer::start([fault, taken]).await;
    let receipt = sender(&server.url).send_sms(&number(), &message()).await.unwrap();
    assert_eq!(receipt.provider_message_id.as_deref(), Some(MESSAGE));
    let [first, second] = server.requests().try_into().unwrap();
    assert_eq!(first, second);
}
