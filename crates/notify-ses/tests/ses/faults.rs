use std::error::Error;
use std::time::Duration;

use muster_domain::verification::{EmailSender, NotifyError, Receipt};
use muster_notify::{Circuit, Policy};
use muster_notify_ses::SesSender;
use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::{accepted, ada, message, quick, sender, settings};

const REGION: &str = "eu-west-1";

fn xml(status: u16, body: &str) -> Fault {
    Fault::Answer { status, headers: vec!["content-type: text/xml".to_owned()], body: body.to_owned() }
}

fn refusal(status: u16, code: &str, text: &str) -> Fault {
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{text}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        ),
    )
}

fn kind(result: &Result<Receipt, NotifyError>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(NotifyError::Rejected(_)) => "rejected",
        Err(NotifyError::Gone { .. }) => "gone",
        Err(NotifyError::Throttled { .. }) => "throttled",
        Err(NotifyError::Unavailable(_)) => "unavailable",
        Err(NotifyError::TimedOut) => "timed out",
    }
}

/// An error and everything beneath it, as a log would show it.
fn whole(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.map(|error| format!("{error} {error:?}")).collect::<Vec<_>>().join("\n")
}

/// What a send came to, with how many connections, and that nothing of the message is in its error.
async fn send(script: Vec<Fault>) -> (Result<Receipt, NotifyError>, usize, Duration) {
    let server = FaultServer::start(script).await;
    let sender = SesSender::new(&settings(&server.url, REGION), quick()).await.unwrap();
    let began = Instant::now();
    let result = sender.send_email(&ada(), &message()).await;
    let took = began.elapsed();
    if let Err(error) = &result {
        let shown = whole(error);
        assert!(!shown.contains("ada@") && !shown.contains("042917") && !shown.contains("secret"), "{shown}");
    }
    (result, server.connections(), took)
}

#[rstest]
#[case::reset_after_the_request(Fault::ResetAfterRequest, "unavailable", 1)]
#[case::half_a_success(Fault::HalfAnswer(200), "unavailable", 1)]
#[case::half_a_failure(Fault::HalfAnswer(500), "unavailable", 1)]
#[case::half_a_refusal(Fault::HalfAnswer(400), "unavailable", 1)]
#[case::internal_error(refusal(500, "InternalFailure", "try later"), "unavailable", 1)]
#[case::internal_error_in_json(Fault::json(500, "{\"oops\": true}"), "unavailable", 1)]
#[case::gateway_error_in_html(xml(502, "<html><body>Bad gateway"), "unavailable", 1)]
#[case::down(refusal(503, "ServiceUnavailable", "down"), "unavailable", 3)]
#[case::down_without_xml(Fault::json(503, "down"), "unavailable", 3)]
#[case::down_for_longer_than_we_wait(Fault::json(503, "down").with("retry-after: 30"), "unavailable", 1)]
#[case::throttled(Fault::json(429, ""), "throttled", 3)]
#[case::throttled_by_code(refusal(400, "Throttling", "Maximum sending rate exceeded."), "throttled", 3)]
#[case::success_that_is_not_xml(Fault::json(200, "{\"MessageId\": \"m-1\"}"), "unavailable", 1)]
#[case::success_that_is_empty(xml(200, ""), "unavailable", 1)]
#[case::success_of_something_else(xml(200, "<html><body>Log in to this network</body></html>"), "unavailable", 1)]
#[case::success_without_an_id(
    xml(200, "<SendEmailResponse><SendEmailResult></SendEmailResult></SendEmailResponse>"),
    "unavailable",
    1
)]
#[case::redirect(Fault::json(302, "").with("location: http://127.0.0.1:9/"), "unavailable", 1)]
#[case::not_xml(Fault::json(400, "no"), "unavailable", 1)]
#[case::refused_credentials(refusal(403, "InvalidClientTokenId", "The security token is invalid."), "unavailable", 1)]
#[case::sandbox(refusal(400, "MessageRejected", "Email address is not verified: ada@example.org"), "rejected", 1)]
#[case::unverified_sender(
    refusal(400, "MessageRejected", "Email address is not verified: muster@example.com"),
    "unavailable",
    1
)]
#[tokio::test]
async fn fault_comes_out_as_what_it_is(#[case] fault: Fault, #[case] expected: &str, #[case] connections: usize) {
    let (result, made, took) = send(vec![fault]).await;
    assert_eq!((kind(&result), made), (expected, connections), "{result:?}");
    assert!(took < quick().deadline, "{took:?}");
}

#[tokio::test]
async fn refused_connection_is_tried_again_and_unavailable() {
    let sender = SesSender::new(&settings(&FaultServer::refusing_url(), REGION), quick()).await.unwrap();
    let began = Instant::now();
    let result = sender.send_email(&ada(), &message()).await;
    assert_eq!(kind(&result), "unavailable", "{result:?}");
    // Two waits, of 10 and 30 ms at the least: it was tried three times.
    assert!((Duration::from_millis(40)..quick().deadline).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_was_surely_not_taken_is_sent_once_it_can_be() {
    let (result, connections, _) =
        send(vec![Fault::json(503, ""), refusal(400, "Throttling", "Maximum sending rate exceeded."), accepted()])
            .await;
    assert_eq!(result.unwrap().provider_message_id.as_deref(), Some("m-1"));
    assert_eq!(connections, 3);
}

#[tokio::test]
async fn throttling_says_how_long_to_wait() {
    let (result, connections, _) = send(vec![Fault::json(429, "").with("retry-after: 17")]).await;
    let Err(NotifyError::Throttled { retry_after }) = result else { panic!("{result:?}") };
    assert_eq!((retry_after, connections), (Some(time::Duration::seconds(17)), 1));
}

#[tokio::test]
async fn short_wait_is_waited_for() {
    let (result, connections, took) = send(vec![Fault::json(429, "").with("retry-after: 1"), accepted()]).await;
    assert_eq!((kind(&result), connections), ("accepted", 2));
    assert!(took >= Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn no_answer_ends_at_the_deadline() {
    let (result, connections, took) = send(vec![Fault::NoAnswer]).await;
    assert_eq!((kind(&result), connections), ("timed out", 1), "{result:?}");
    assert!((quick().deadline..quick().deadline + Duration::from_secs(1)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn deadline_of_five_seconds_holds_by_default() {
    let server = FaultServer::start([Fault::NoAnswer]).await;
    let sender = SesSender::new(&settings(&server.url, REGION), Policy::default()).await.unwrap();
    let began = Instant::now();
    let result = sender.send_email(&ada(), &message()).await;
    let took = began.elapsed();
    assert_eq!((kind(&result), server.connections()), ("timed out", 1));
    assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn provider_that_fails_again_and_again_is_left_alone() {
    let server = FaultServer::start([refusal(403, "InvalidClientTokenId", "no")]).await;
    let sender = sender(&settings(&server.url, REGION)).await;
    assert_eq!((sender.state().provider, sender.state().circuit), ("ses", Circuit::Closed));
    for _ in 0..7 {
        assert_eq!(kind(&sender.send_email(&ada(), &message()).await), "unavailable");
    }
    assert_eq!((sender.state().circuit, server.connections()), (Circuit::Open, 5));
}

#[tokio::test]
async fn rejected_messages_do_not_count_against_the_provider() {
    let server = FaultServer::start([refusal(400, "MessageRejected", "Address blacklisted.")]).await;
    let sender = sender(&settings(&server.url, REGION)).await;
    for _ in 0..7 {
        assert_eq!(kind(&sender.send_email(&ada(), &message()).await), "rejected");
    }
    assert_eq!((sender.state().circuit, server.connections()), (Circuit::Closed, 7));
}

#[tokio::test]
async fn tls_that_fails_sent_nothing_and_is_tried_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let hanging_up = tokio::spawn(async move {
        for connections in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            drop(stream);
            if connections == 3 {
                return;
            }
        }
    });
    let result = sender(&settings(&url, REGION)).await.send_email(&ada(), &message()).await;
    assert_eq!(kind(&result), "unavailable", "{result:?}");
    hanging_up.await.unwrap();
}

#[tokio::test]
async fn handshake_without_an_answer_is_given_up_before_the_deadline() {
    let server = FaultServer::start([Fault::NoAnswer]).await;
    let url = server.url.replace("http:", "https:");
    let policy = Policy { retries: 0, ..Policy::default() };
    let sender = SesSender::new(&settings(&url, REGION), policy).await.unwrap();
    let began = Instant::now();
    let result = sender.send_email(&ada(), &message()).await;
    let took = began.elapsed();
    assert_eq!((kind(&result), server.connections()), ("unavailable", 1), "{result:?}");
    assert!((Duration::from_secs(3)..policy.deadline).contains(&took), "{took:?}");
}
