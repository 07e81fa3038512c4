use muster_domain::audit::Origin;
use muster_domain::device::Platform;
use muster_domain::user::Phone;
use muster_domain::verification::{
    Challenge, Code, Delivery, Method, SendCodeError, VerificationStore, VerifyCodeError,
};
use muster_domain::{DeviceId, UserId};
use muster_testkit::{Answer, Recipient};
use serde_json::json;
use time::Duration;

use crate::house::House;

#[tokio::test]
async fn a_code_goes_to_the_e_mail_address() {
    let house = House::new();
    let ada = house.user("ada").await;
    let sent = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await.unwrap();

    let messages = house.sender.sent();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].to, Recipient::Email(ada.email.unwrap()));
    assert_eq!(messages[0].code().unwrap().display_name, "ada Example");
    assert_eq!(messages[0].code().unwrap().locale.as_deref(), Some("en-GB"));
    assert_eq!(messages[0].code().unwrap().valid_for, Duration::minutes(15));
    assert_eq!(messages[0].code().unwrap().at, house.now());

    assert_eq!(sent.method, Method::Email);
    assert_eq!(sent.destination.as_str(), "ad***@example.com");
    assert_eq!(sent.expires_at, house.now() + Duration::minutes(15));
    assert_eq!(sent.delivery, Delivery::Accepted { provider_message_id: Some("fake-1".to_owned()) });
    let pending = house.status(ada.id).await.email.pending.unwrap();
    assert_eq!(pending.attempts_left, 5);
    assert_eq!(pending.expires_at, sent.expires_at);
    assert_eq!(pending.resend_after, house.now() + Duration::MINUTE);
}

#[tokio::test]
async fn a_code_goes_to_the_phone_number() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada").phone(Some(Phone::parse("+1 (202) 555-0143", None)))).await;
    let sent = house.verification.send_code(ada.id, Method::Sms, None, &house.origin).await.unwrap();
    assert_eq!(sent.destination.as_str(), "***0143");
    let number = ada.phone.unwrap().deliverable().unwrap().clone();
    assert_eq!(house.sender.sent()[0].to, Recipient::Sms(number));
}

#[tokio::test]
async fn what_is_recorded_names_no_code_and_no_whole_address() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mark = house.mark();
    let code = house.send(&ada, Method::Email).await;
    assert_eq!(house.actions_since(mark), ["contact.verification.opened", "contact.verification.sent"]);
    let trail = house.store.audit_trail();
    for event in &trail[mark..] {
        assert_eq!(event.subject, Some(ada.id));
        assert_eq!(event.details["destination"], "ad***@example.com");
        let text = format!("{event:?}");
        assert!(!text.contains(code.expose()) && !text.contains("ada@example.com"), "{text}");
    }
    let details = &house.last_event().details;
    assert_eq!(details["sendSuccess"], true);
    assert_eq!(details["delivery"], json!({ "outcome": "accepted", "providerMessageId": "fake-1" }));
}

#[tokio::test]
async fn the_second_code_within_a_minute_is_refused() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.send(&ada, Method::Email).await;
    let mark = house.mark();
    for passed in [0, 59_000_000, 59_999_999] {
        house.clock.set(ada.created_at + Duration::microseconds(passed));
        let refused = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await;
        let wait = Duration::MINUTE - Duration::microseconds(passed);
        assert!(matches!(refused, Err(SendCodeError::TooSoon { retry_after }) if retry_after == wait), "{refused:?}");
    }
    assert_eq!(house.actions_since(mark), ["contact.verification.refused"]);
    assert_eq!(house.sender.sent().len(), 1);
}

#[tokio::test]
async fn nobody_waits_longer_than_a_minute_for_a_code_that_was_sent_by_a_clock_that_is_ahead() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.send(&ada, Method::Email).await;
    house.clock.advance(Duration::milliseconds(-300));
    let refused = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await;
    let minute = Duration::MINUTE;
    assert!(matches!(refused, Err(SendCodeError::TooSoon { retry_after }) if retry_after == minute), "{refused:?}");
}

#[tokio::test]
async fn a_minute_later_the_next_code_is_sent() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.send(&ada, Method::Email).await;
    house.clock.advance(Challenge::COOLDOWN);
    house.send(&ada, Method::Email).await;
    assert_eq!(house.sender.sent().len(), 2);
}

#[tokio::test]
async fn the_minute_is_counted_for_each_person_and_method() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    house.device(&ada, "token").await;
    for method in Method::ALL {
        house.send(&ada, method).await;
    }
    house.send(&grace, Method::Email).await;
    assert_eq!(house.sender.sent().len(), 4);
}

#[tokio::test]
async fn a_new_code_kills_the_old_one() {
    let house = House::new();
    let ada = house.user("ada").await;
    let old = house.send(&ada, Method::Email).await;
    house.clock.advance(Challenge::COOLDOWN);
    let new = house.send(&ada, Method::Email).await;
    assert_ne!(old.expose(), new.expose(), "the seed gives two codes");
    let refused = house.verification.verify_code(ada.id, Method::Email, &old, &house.origin).await;
    assert!(matches!(refused, Err(VerifyCodeError::InvalidOrExpired { attempts_left: Some(4) })));
    house.verification.verify_code(ada.id, Method::Email, &new, &house.origin).await.unwrap();
}

#[tokio::test]
async fn a_failed_delivery_keeps_the_challenge_and_says_so() {
    let answers = [
        (Answer::Reject, Delivery::Rejected, "rejected"),
        (Answer::Gone, Delivery::Gone, "gone"),
        (Answer::Throttle, Delivery::Throttled, "throttled"),
        (Answer::Unavailable, Delivery::Unavailable, "unavailable"),
        (Answer::TimeOut, Delivery::TimedOut, "timedOut"),
    ];
    for (answer, delivery, name) in answers {
        let house = House::new();
        let ada = house.user("ada").await;
        house.sender.answer_with(answer);
        let sent = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await.unwrap();
        assert_eq!(sent.delivery, delivery);
        assert!(!sent.delivery.is_success());
        assert!(sent.captured_code.is_none());
        assert_eq!(house.store.delivery(sent.id), Some(delivery));
        let details = house.last_event().details;
        assert_eq!((&details["sendSuccess"], &details["delivery"]), (&json!(false), &json!({ "outcome": name })));

        let code = house.sender.last_code().unwrap();
        house.verification.verify_code(ada.id, Method::Email, &code, &house.origin).await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_delivery_does_not_shorten_the_wait() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.sender.answer_with(Answer::Unavailable);
    house.send(&ada, Method::Email).await;
    let refused = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await;
    assert!(matches!(refused, Err(SendCodeError::TooSoon { .. })));
}

#[tokio::test]
async fn the_code_is_in_the_answer_only_when_it_was_captured() {
    let house = House::new();
    let ada = house.user("ada").await;
    let accepted = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await.unwrap();
    assert!(accepted.captured_code.is_none());

    house.sender.answer_with(Answer::Capture);
    let captured = house.verification.send_code(ada.id, Method::Sms, None, &house.origin).await.unwrap();
    assert!(captured.delivery.is_success());
    let told = captured.captured_code.as_ref().map(Code::expose).unwrap();
    assert_eq!(told, house.sender.last_code().unwrap().expose());
    assert_eq!(house.last_event().details["delivery"], json!({ "outcome": "captured" }));
}

#[tokio::test]
async fn without_a_destination_no_code_is_made() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada").email(None).phone(None)).await;
    let mark = house.mark();
    for method in Method::ALL {
        let refused = house.verification.send_code(ada.id, method, None, &house.origin).await;
        assert!(matches!(refused, Err(SendCodeError::NoDestination { method: named }) if named == method));
    }
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn an_undeliverable_phone_number_is_no_destination() {
    let house = House::new();
    for number in ["12", "call me", "+1 202 555 0143 ext. 9"] {
        let user = house
            .insert(house.make.user(&format!("user{}", number.len())).phone(Some(Phone::parse(number, None))))
            .await;
        let refused = house.verification.send_code(user.id, Method::Sms, None, &house.origin).await;
        assert!(matches!(refused, Err(SendCodeError::NoDestination { method: Method::Sms })), "{number}");
    }
}

#[tokio::test]
async fn nobody_and_deactivated_people_get_no_code() {
    let house = House::new();
    let gone = house.insert(house.make.user("gone").deactivated()).await;
    let nobody = UserId::new(house.now(), &*house.make.entropy);
    for id in [gone.id, nobody] {
        let refused = house.verification.send_code(id, Method::Email, None, &house.origin).await;
        assert!(matches!(refused, Err(SendCodeError::NoUser)));
    }
    assert_eq!(house.sender.sent().len(), 0);
}

#[tokio::test]
async fn push_goes_to_the_device_that_was_seen_last() {
    let house = House::new();
    let ada = house.user("ada").await;
    for token in ["first", "second", "first"] {
        house.clock.advance(Duration::SECOND);
        house.device(&ada, token).await;
    }
    house.send(&ada, Method::Push).await;
    let first = house.profile(ada.id).await.devices.remove(0);
    assert_eq!(house.sender.sent()[0].to, Recipient::Push(Platform::Android, first.token));
}

#[tokio::test]
async fn push_goes_to_the_device_that_is_named() {
    let house = House::new();
    let ada = house.user("ada").await;
    let first = house.device(&ada, "first").await;
    house.clock.advance(Duration::SECOND);
    house.device(&ada, "second").await;
    house.verification.send_code(ada.id, Method::Push, Some(first.id), &house.origin).await.unwrap();
    assert_eq!(house.sender.sent()[0].to, Recipient::Push(Platform::Android, first.token));
    let challenge = house.store.find_challenge(ada.id, Method::Push).await.unwrap().unwrap();
    assert_eq!(challenge.device_id, Some(first.id));
}

#[tokio::test]
async fn push_goes_to_no_device_of_somebody_else() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    house.device(&ada, "adas").await;
    let graces = house.device(&grace, "graces").await;
    let unknown = DeviceId::new(house.now(), &*house.make.entropy);
    for id in [graces.id, unknown] {
        let refused = house.verification.send_code(ada.id, Method::Push, Some(id), &house.origin).await;
        assert!(matches!(refused, Err(SendCodeError::NoDevice)));
    }
}

#[tokio::test]
async fn only_push_takes_a_device() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    for method in [Method::Email, Method::Sms] {
        let refused = house.verification.send_code(ada.id, method, Some(device.id), &house.origin).await;
        assert!(matches!(refused, Err(SendCodeError::DeviceNotApplicable)));
    }
}

#[tokio::test]
async fn nothing_is_sent_that_could_not_be_recorded() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.store.set_unavailable(true);
    let refused = house.verification.send_code(ada.id, Method::Email, None, &house.origin).await;
    assert!(matches!(refused, Err(SendCodeError::Store(_))));
    assert_eq!(house.sender.sent().len(), 0);
}

#[tokio::test]
async fn a_message_names_the_public_address_that_asked_and_no_internal_one() {
    let house = House::new();
    for (name, ip, told) in [
        ("ada", "203.0.113.7", true),
        ("grace", "::ffff:203.0.113.7", true),
        ("linus", "2001:db8::1", true),
        ("margaret", "10.1.2.3", false),
        ("barbara", "127.0.0.1", false),
        ("frances", "100.64.0.1", false),
        ("radia", "fd00::1", false),
        ("karen", "fe80::1", false),
    ] {
        let user = house.user(name).await;
        let origin = Origin { ip: Some(ip.parse().unwrap()), ..house.origin.clone() };
        house.verification.send_code(user.id, Method::Email, None, &origin).await.unwrap();
        assert_eq!(house.sender.sent().last().unwrap().code().unwrap().requested_from.is_some(), told, "{ip}");
    }
}
