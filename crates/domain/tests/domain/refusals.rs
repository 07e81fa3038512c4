//! Whom a code was refused is on record, and a flood of requests is no flood of records.

use muster_domain::user::Phone;
use muster_domain::verification::{
    Allowance, ChannelSet, Method, RefusalReason, SendCodeError, SendLimits, SmsPrefixes,
};
use serde_json::json;
use time::Duration;

use crate::house::{GENEROUS, House};

const REFUSED: &str = "contact.verification.refused";

fn only_british() -> SendLimits {
    SendLimits { sms_prefixes: SmsPrefixes::only(["+44"]).unwrap(), ..GENEROUS }
}

#[tokio::test]
async fn a_flood_of_refusals_is_recorded_once_a_minute_for_each_reason() {
    let limits = SendLimits { per_user: Allowance { hour: 1, day: 9 }, ..GENEROUS };
    let house = House::with(ChannelSet::ALL, limits);
    let ada = house.user("ada").await;
    let began = house.now();
    house.send(&ada, Method::Email).await;
    for _ in 0..1_800 {
        house.clock.advance(Duration::milliseconds(100));
        assert!(house.try_send(&ada, Method::Email).await.is_err());
    }
    let trail = house.store.audit_trail();
    let refused = trail.iter().filter(|event| event.action == REFUSED);
    let recorded: Vec<(i64, &str)> = refused
        .map(|event| ((event.at - began).whole_seconds(), event.details["reason"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(recorded, [(0, "tooSoon"), (60, "userQuota"), (120, "userQuota"), (180, "userQuota")]);
}

#[tokio::test]
async fn a_refusal_is_recorded_with_its_method_and_reason() {
    let house = House::with(ChannelSet::ALL, only_british());
    let ada = house.user("ada").await;
    house.send(&ada, Method::Email).await;
    for (method, reason) in [(Method::Email, "tooSoon"), (Method::Sms, "destinationNotAllowed")] {
        let mark = house.mark();
        assert!(house.try_send(&ada, method).await.is_err());
        assert_eq!(house.actions_since(mark), [REFUSED]);
        let event = house.last_event();
        assert_eq!((event.at, event.subject, event.origin), (house.now(), Some(ada.id), house.origin.clone()));
        assert_eq!(event.details, json!({ "method": method.as_str(), "reason": reason }));
    }
}

#[tokio::test]
async fn each_quota_has_a_reason_of_its_own() {
    let none = Allowance { hour: 0, day: 0 };
    let cases = [
        (SendLimits { per_user: none, ..GENEROUS }, RefusalReason::UserQuota, "userQuota"),
        (SendLimits { per_destination: none, ..GENEROUS }, RefusalReason::DestinationQuota, "destinationQuota"),
        (SendLimits { installation: none, ..GENEROUS }, RefusalReason::InstallationQuota, "installationQuota"),
    ];
    for (limits, reason, name) in cases {
        let house = House::with(ChannelSet::ALL, limits);
        let ada = house.user("ada").await;
        let error = house.try_send(&ada, Method::Email).await.unwrap_err();
        assert_eq!(error.refusal(), Some(reason), "{error:?}");
        assert_eq!(house.last_event().details["reason"], name);
        assert_eq!(reason.to_string(), name);
    }
}

#[tokio::test]
async fn what_nobody_floods_with_is_not_recorded() {
    let house = House::with(ChannelSet::of([Method::Email, Method::Push]).unwrap(), GENEROUS);
    let ada = house.insert(house.make.user("ada").email(None)).await;
    let mark = house.mark();
    for method in Method::ALL {
        let error = house.try_send(&ada, method).await.unwrap_err();
        assert_eq!(error.refusal(), None, "{error:?}");
    }
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn text_messages_go_to_the_allowed_countries_only() {
    let house = House::with(ChannelSet::ALL, only_british());
    let phone = |number| Some(Phone::from_stored(number, true));
    let ada = house.insert(house.make.user("ada").phone(phone("+447911123456"))).await;
    let grace = house.insert(house.make.user("grace").phone(phone("+12025550143"))).await;
    house.send(&ada, Method::Sms).await;
    for _ in 0..2 {
        let refused = house.try_send(&grace, Method::Sms).await;
        assert!(matches!(refused, Err(SendCodeError::DestinationNotAllowed)), "{refused:?}");
    }
    assert!(house.status(grace.id).await.sms.pending.is_none(), "nothing was opened");
    house.send(&grace, Method::Email).await;
    assert_eq!(house.sender.sent().len(), 2);
}

#[test]
fn a_prefix_is_a_plus_and_one_to_seven_digits() {
    for good in ["+1", "+44", "+353", "+1202555"] {
        assert_eq!(SmsPrefixes::only([good]), Some(SmsPrefixes::Only(vec![good.to_owned()])));
    }
    for bad in ["", "+", "44", "+12025550", "+4a", " +44", "+44 ", "++44", "+٤٤", "0044"] {
        assert_eq!(SmsPrefixes::only([bad]), None, "{bad:?}");
        assert_eq!(SmsPrefixes::only(["+44", bad]), None, "{bad:?}");
    }
    assert_eq!(SmsPrefixes::only([]), None);
}

#[test]
fn a_number_is_allowed_that_begins_with_one_of_the_prefixes() {
    let prefixes = SmsPrefixes::only(["+44", "+1202"]).unwrap();
    for (number, allowed) in [
        ("+447911123456", true),
        ("+12025550143", true),
        ("+12125550143", false),
        ("+4915112345678", false),
        ("+353861234567", false),
    ] {
        let phone = Phone::from_stored(number, true);
        assert_eq!(prefixes.allow(phone.deliverable().unwrap()), allowed, "{number}");
        assert!(SmsPrefixes::Any.allow(phone.deliverable().unwrap()));
    }
}
