use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_domain::device::Platform;
use muster_domain::verification::NotifyError;
use muster_notify::{Policy, transport};
use muster_notify_push::{PushSenders, PushSettings};
use muster_testkit::{FixedClock, SeededEntropy};
use muster_testkit_providers::{ApnsServer, FcmServer, TlsServer, Told, Trouble};
use rstest::rstest;

use crate::common::{QUICK, apns_settings, fcm_settings, impatient, patient, rejected, send, unavailable};

const ID: &str = "eabeae54-14a8-11e5-b60b-1697f925ec7b";

/// FCM or APNs, over HTTP/2 and TLS.
enum Service {
    Fcm(FcmServer),
    Apns(ApnsServer),
}

impl Service {
    async fn start(platform: Platform) -> Self {
        match platform {
            Platform::Android => Self::Fcm(FcmServer::start().await),
            _ => Self::Apns(ApnsServer::start().await),
        }
    }

    fn server(&self) -> &TlsServer {
        match self {
            Self::Fcm(fcm) => &fcm.server,
            Self::Apns(apns) => &apns.server,
        }
    }

    fn answer_next(&self, answers: Vec<Told>) {
        match self {
            Self::Fcm(fcm) => fcm.answer_next(answers),
            Self::Apns(apns) => apns.answer_next(answers),
        }
    }

    /// How often a message was handed over.
    fn messages(&self) -> usize {
        self.server().received().iter().filter(|request| request.path != "/token").count()
    }

    /// Senders that ask after a silent connection at once.
    fn sender(&self, policy: Policy) -> PushSenders {
        let url = &self.server().url;
        let settings = match self {
            Self::Fcm(fcm) => {
                PushSettings { fcm: Some(fcm_settings(url, &fcm.token_url())), ..PushSettings::default() }
            }
            Self::Apns(apns) => PushSettings { apns: Some(apns_settings(url, &apns.key)), ..PushSettings::default() },
        };
        let client = || {
            let soon = Duration::from_millis(500);
            let client = transport::client_trusting(self.server().roots())?;
            Ok(client.http2_keep_alive_interval(soon).http2_keep_alive_timeout(soon))
        };
        let (clock, entropy) = (Arc::new(FixedClock::new()), Arc::new(SeededEntropy::new(3)));
        PushSenders::with_client(settings, policy, clock, entropy, client).unwrap()
    }
}

fn timed_out(error: &NotifyError) -> bool {
    matches!(error, NotifyError::TimedOut)
}

/// What may have been taken is handed over once, and what comes after it is taken again.
#[rstest]
#[case::stream_reset(Trouble::ResetsStream, 200, unavailable, 1)]
#[case::connection_closed(Trouble::Closes, 200, unavailable, 1)]
#[case::connection_closed_with_a_goodbye(Trouble::SaysGoodbye, 200, unavailable, 1)]
#[case::connection_dead(Trouble::Freezes, 200, unavailable, 1)]
#[case::half_a_refusal(Trouble::BreaksOff, 400, rejected, 1)]
#[case::half_an_answer_500(Trouble::BreaksOff, 500, unavailable, 1)]
#[case::half_an_answer_503(Trouble::BreaksOff, 503, unavailable, 3)]
#[tokio::test]
async fn a_fault_over_http2_is_told_and_tried_again_only_where_nothing_was_taken(
    #[case] trouble: Trouble,
    #[case] status: u16,
    #[case] is_expected: fn(&NotifyError) -> bool,
    #[case] messages: usize,
    #[values(Platform::Android, Platform::Ios)] platform: Platform,
) {
    let service = Service::start(platform).await;
    let push = service.sender(patient());
    send(&push, platform).await.unwrap();
    service.answer_next(vec![Told::new(status, r#"{"half":true}"#).but(trouble); messages]);
    let began = Instant::now();
    let error = send(&push, platform).await.unwrap_err();
    let took = began.elapsed();
    eprintln!("{platform} {trouble:?} {status}: {error} after {} ms", took.as_millis());
    assert!(is_expected(&error), "{error:?}");
    assert!(took < QUICK, "{took:?}");
    assert_eq!(service.messages(), 1 + messages);
    send(&push, platform).await.unwrap();
    let is_lost = matches!(trouble, Trouble::Closes | Trouble::SaysGoodbye | Trouble::Freezes);
    assert_eq!(service.server().connections(), if is_lost { 2 } else { 1 });
}

/// A connection that answers what it is asked after is no dead one: it is the deadline that ends this.
#[rstest]
#[tokio::test]
async fn no_answer_over_http2_ends_at_the_deadline_and_is_not_tried_again(
    #[values(Platform::Android, Platform::Ios)] platform: Platform,
) {
    let policy = impatient(Duration::from_secs(2));
    let service = Service::start(platform).await;
    let push = service.sender(policy);
    send(&push, platform).await.unwrap();
    service.answer_next(vec![Told::new(200, "").but(Trouble::NeverAnswers)]);
    let began = Instant::now();
    let error = send(&push, platform).await.unwrap_err();
    let took = began.elapsed();
    eprintln!("{platform} no answer: {error} after {} ms", took.as_millis());
    assert!(timed_out(&error), "{error:?}");
    assert!((policy.deadline..policy.deadline + QUICK).contains(&took), "{took:?}");
    assert_eq!(service.messages(), 2);
    send(&push, platform).await.unwrap();
    assert_eq!(service.server().connections(), 1);
}

/// FCM's answer names the message that it took, APNs's a header, which came whole.
#[rstest]
#[case(Platform::Android, false)]
#[case(Platform::Ios, true)]
#[tokio::test]
async fn half_of_an_acceptance_over_http2_counts_where_the_head_says_all(
    #[case] platform: Platform,
    #[case] counts: bool,
) {
    let service = Service::start(platform).await;
    let half = Told::new(200, r#"{"name":"projects/p/messages/1"}"#).with("apns-id", ID).but(Trouble::BreaksOff);
    service.answer_next(vec![half]);
    let result = send(&service.sender(patient()), platform).await;
    assert_eq!(result.is_ok(), counts, "{result:?}");
    assert!(counts || unavailable(&result.unwrap_err()));
    assert_eq!(service.messages(), 1);
}
