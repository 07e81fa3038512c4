//! What becomes of a device whose push service says that it is gone.

use muster_domain::verification::{Closure, Delivery, Method, SendCodeError, VerificationStore};
use muster_testkit::Answer;
use serde_json::json;
use time::Duration;

use crate::house::House;

#[tokio::test]
async fn a_device_that_is_gone_is_removed_with_its_proof_and_its_challenge_is_cancelled() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    house.clock.advance(Duration::MINUTE);

    house.sender.answer_with(Answer::Gone);
    let mark = house.mark();
    let sent = house.try_send(&ada, Method::Push).await.unwrap();
    assert_eq!(sent.delivery, Delivery::Gone);
    assert!(!sent.delivery.is_success() && sent.failure.is_some());
    assert_eq!(house.devices.list(ada.id).await.unwrap(), []);
    let status = house.status(ada.id).await;
    assert_eq!((status.push.verified_at, status.push.pending, status.device_count), (None, None, 0));

    let expected = ["contact.verification.opened", "contact.verification.sent", "device.expired"];
    assert_eq!(house.actions_since(mark), expected);
    let told = house.store.audit_trail()[mark + 1].details.clone();
    assert_eq!((&told["sendSuccess"], &told["delivery"]), (&json!(false), &json!({ "outcome": "gone" })));
    let expired = house.last_event();
    assert_eq!((expired.at, expired.subject), (house.now(), Some(ada.id)));
    assert_eq!(expired.details, json!({ "deviceId": device.id, "platform": "android" }));

    let challenge = house.store.find_challenge(ada.id, Method::Push).await.unwrap().unwrap();
    assert_eq!((challenge.id, challenge.device_id), (sent.id, None));
    assert_eq!(challenge.closure, Some(Closure::Cancelled { at: house.now() }));
    let code = house.sender.last_code().unwrap();
    assert!(house.verification.verify_code(ada.id, Method::Push, &code, &house.origin).await.is_err());
}

#[tokio::test]
async fn another_device_and_its_proof_stay() {
    let house = House::new();
    let ada = house.user("ada").await;
    let kept = house.device(&ada, "kept").await;
    house.prove(&ada, Method::Push).await;
    house.clock.advance(Duration::MINUTE);
    let gone = house.device(&ada, "gone").await;
    house.prove(&ada, Method::Push).await;
    house.clock.advance(Duration::MINUTE);

    house.sender.answer_with(Answer::Gone);
    house.verification.send_code(ada.id, Method::Push, Some(gone.id), &house.origin).await.unwrap();
    let devices = house.devices.list(ada.id).await.unwrap();
    assert_eq!(devices.iter().map(|device| device.id).collect::<Vec<_>>(), [kept.id]);
    assert!(devices[0].verified_at.is_some());
    assert!(house.status(ada.id).await.push.verified_at.is_some(), "the other device is still proven");
}

#[tokio::test]
async fn the_loss_of_a_device_does_not_shorten_the_wait_and_the_app_may_register_again() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.device(&ada, "token").await;
    house.sender.answer_with(Answer::Gone);
    house.try_send(&ada, Method::Push).await.unwrap();
    let without = house.try_send(&ada, Method::Push).await;
    assert!(matches!(without, Err(SendCodeError::NoDestination { method: Method::Push })), "{without:?}");

    house.device(&ada, "another-token").await;
    let too_soon = house.try_send(&ada, Method::Push).await;
    assert!(matches!(too_soon, Err(SendCodeError::TooSoon { .. })), "{too_soon:?}");
    house.sender.answer_with(Answer::Accept);
    house.clock.advance(Duration::MINUTE);
    house.prove(&ada, Method::Push).await;
    assert!(house.status(ada.id).await.push.verified_at.is_some());
}

#[tokio::test]
async fn no_other_failure_removes_a_device() {
    for answer in [Answer::Reject, Answer::Throttle, Answer::Unavailable, Answer::TimeOut] {
        let house = House::new();
        let ada = house.user("ada").await;
        let device = house.device(&ada, "token").await;
        house.sender.answer_with(answer);
        house.try_send(&ada, Method::Push).await.unwrap();
        assert_eq!(house.devices.list(ada.id).await.unwrap(), [device], "{answer:?}");
    }
}

#[tokio::test]
async fn a_device_that_was_registered_after_its_token_was_found_invalid_stays() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    let registered = house.now();
    house.clock.advance(Duration::MINUTE);
    house.sender.answer_with(Answer::GoneSince(registered - Duration::MILLISECOND));
    let sent = house.try_send(&ada, Method::Push).await.unwrap();
    assert_eq!(sent.delivery, Delivery::Gone);
    assert_eq!(house.devices.list(ada.id).await.unwrap(), [device]);

    house.clock.advance(Duration::MINUTE);
    house.sender.answer_with(Answer::GoneSince(registered));
    house.try_send(&ada, Method::Push).await.unwrap();
    assert_eq!(house.devices.list(ada.id).await.unwrap(), []);
}
