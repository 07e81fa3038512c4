use std::sync::Arc;
use std::time::Duration;

use muster_domain::verification::NotifyError;
use muster_notify::{Circuit, Policy};
use muster_notify_push::PushSenders;
use muster_testkit_providers::{FaultServer, TlsServer, Told, Trouble};
use rstest::rstest;

use crate::common::{assert_silent, gone, patient, rejected, send_to_browser, shown, unavailable, web, web_directly};

fn circuits(push: &PushSenders) -> Vec<(&str, Circuit)> {
    push.states().into_iter().map(|state| (state.provider, state.circuit)).collect()
}

/// A server that is every known service, and another that is a user's own.
async fn services_and_a_stranger(stranger: Told) -> (TlsServer, TlsServer) {
    let stranger = TlsServer::start(move |_| stranger.clone()).await;
    (TlsServer::start(|_| Told::new(201, "")).await, stranger)
}

fn at<'a>(services: &'a TlsServer, stranger: &'a TlsServer) -> Vec<(&'a str, &'a TlsServer)> {
    let services = TlsServer::SERVICES.map(|name| (name, services));
    services.into_iter().chain([(TlsServer::NAME, stranger)]).collect()
}

/// An endpoint is whatever a user registers.
#[rstest]
#[case::that_fails(Told::new(500, ""))]
#[case::that_says_it_cannot_work(Told::new(503, "").with("retry-after", "60"))]
#[case::that_resets_streams(Told::new(201, "").but(Trouble::ResetsStream))]
#[case::that_closes_connections(Told::new(201, "").but(Trouble::Closes))]
#[tokio::test]
async fn a_users_own_host_closes_push_for_no_service(#[case] answer: Told) {
    let (services, stranger) = services_and_a_stranger(answer).await;
    let push = web_directly(&at(&services, &stranger), patient());
    for _ in 0..6 {
        let error = send_to_browser(&push, TlsServer::NAME).await.unwrap_err();
        assert!(unavailable(&error), "{error:?}");
    }
    assert_eq!(stranger.received().len(), 5, "then the circuit of such hosts is open");
    for service in TlsServer::SERVICES {
        send_to_browser(&push, service).await.unwrap();
    }
    assert_only_strangers_are_left_alone(&push);
}

#[rstest]
#[case::not_there(false)]
#[case::not_trusted(true)]
#[tokio::test]
async fn a_users_own_host_that_cannot_be_reached_closes_push_for_no_service(#[case] is_there: bool) {
    let (services, mut stranger) = services_and_a_stranger(Told::new(201, "")).await;
    let untrusted = TlsServer::start(|_| Told::new(201, "")).await;
    let nowhere = FaultServer::refusing_url().trim_start_matches("http://").parse().unwrap();
    stranger.address = if is_there { untrusted.address } else { nowhere };
    let push = web_directly(&at(&services, &stranger), patient());
    for _ in 0..5 {
        let error = send_to_browser(&push, TlsServer::NAME).await.unwrap_err();
        assert!(unavailable(&error), "{error:?}");
    }
    send_to_browser(&push, TlsServer::SERVICES[0]).await.unwrap();
    assert_only_strangers_are_left_alone(&push);
    assert_eq!(untrusted.received(), []);
}

fn assert_only_strangers_are_left_alone(push: &PushSenders) {
    let expected = [
        ("web-push-google", Circuit::Closed),
        ("web-push-mozilla", Circuit::Closed),
        ("web-push-apple", Circuit::Closed),
        ("web-push-microsoft", Circuit::Closed),
        ("web-push-other", Circuit::Open),
    ];
    assert_eq!(circuits(push), expected);
}

#[tokio::test]
async fn a_users_own_host_that_hangs_holds_no_place_of_a_services() {
    let (services, stranger) = services_and_a_stranger(Told::new(201, "").but(Trouble::NeverAnswers)).await;
    let push = Arc::new(web_directly(&at(&services, &stranger), patient()));
    let places = Policy::default().concurrency;
    let hanging: Vec<_> = (0..=places)
        .map(|_| {
            let push = push.clone();
            tokio::spawn(async move { send_to_browser(&push, TlsServer::NAME).await })
        })
        .collect();
    while stranger.received().len() < places {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for service in TlsServer::SERVICES {
        send_to_browser(&push, service).await.unwrap();
    }
    assert_eq!(stranger.received().len(), places);
    assert!(hanging.iter().all(|sending| !sending.is_finished()));
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
}

/// A subscription to another server's key, or a path of the service's where there is no subscription.
#[rstest]
#[case(200, rejected)]
#[case(204, rejected)]
#[case(400, rejected)]
#[case(401, rejected)]
#[case(403, rejected)]
#[case(404, gone)]
#[case(405, rejected)]
#[case(410, gone)]
#[tokio::test]
async fn what_a_registration_can_bring_about_is_no_failure_of_the_services(
    #[case] status: u16,
    #[case] is_expected: fn(&NotifyError) -> bool,
) {
    let service = TlsServer::start(move |_| Told::new(status, "")).await;
    let push = web_directly(&[(TlsServer::SERVICES[0], &service)], patient());
    for _ in 0..6 {
        let error = send_to_browser(&push, TlsServer::SERVICES[0]).await.unwrap_err();
        assert!(is_expected(&error), "{error:?}");
    }
    assert_eq!(service.received().len(), 6);
    assert!(circuits(&push).iter().all(|(_, circuit)| *circuit == Circuit::Closed));
}

#[rstest]
#[case(201)]
#[case(202)]
#[tokio::test]
async fn a_message_that_was_taken_keeps_its_address_to_itself(#[case] status: u16) {
    let location = "https://updates.push.services.mozilla.com/m/gAAAAABleaveToDelete";
    let service = TlsServer::start(move |_| Told::new(status, "").with("location", location)).await;
    let push = web_directly(&[(TlsServer::SERVICES[1], &service)], patient());
    let receipt = send_to_browser(&push, TlsServer::SERVICES[1]).await.unwrap();
    assert_eq!(receipt.provider_message_id, None);
}

#[tokio::test]
async fn a_name_that_a_user_made_up_is_refused_for_good() {
    let (push, _) = web(None);
    let error = send_to_browser(&push, "no-such-push-service.invalid").await.unwrap_err();
    assert!(rejected(&error), "{error:?}");
    assert!(shown(&error).contains("the host was not found"), "{}", shown(&error));
    assert!(!shown(&error).contains("no-such-push-service"), "{}", shown(&error));
    assert_silent(&error);
}
