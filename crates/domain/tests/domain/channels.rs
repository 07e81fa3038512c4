use muster_domain::FieldError;
use muster_domain::preferences::{Precondition, Preferences, ReplacePreferencesError, Step};
use muster_domain::user::User;
use muster_domain::verification::{ChannelSet, Method, SendCodeError};

use crate::house::{GENEROUS, House};

/// Every set that there is, with its channels in the order of [`Method::ALL`].
fn sets() -> impl Iterator<Item = (ChannelSet, Vec<Method>)> {
    (1..8_u8).map(|bits| {
        let on = Method::ALL.into_iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
        let methods: Vec<Method> = on.map(|(_, method)| method).collect();
        (ChannelSet::of(methods.clone()).unwrap(), methods)
    })
}

async fn with_device(house: &House, name: &str) -> User {
    let user = house.user(name).await;
    house.device(&user, &format!("token-of-{name}")).await;
    user
}

#[test]
fn a_set_holds_the_channels_that_it_was_made_of() {
    for (set, methods) in sets() {
        assert_eq!(set.iter().collect::<Vec<_>>(), methods);
        for method in Method::ALL {
            assert_eq!(set.contains(method), methods.contains(&method));
        }
        let backwards_and_twice = methods.iter().rev().chain(&methods).copied();
        assert_eq!(ChannelSet::of(backwards_and_twice), Some(set));
    }
    assert_eq!(ChannelSet::of(Method::ALL), Some(ChannelSet::ALL));
    assert_eq!(ChannelSet::default(), ChannelSet::ALL);
}

#[test]
fn there_is_no_set_of_no_channels() {
    assert_eq!(ChannelSet::of([]), None);
}

#[tokio::test]
async fn no_code_is_sent_over_a_channel_that_is_off() {
    for (channels, methods) in sets() {
        let house = House::with(channels, GENEROUS);
        let ada = with_device(&house, "ada").await;
        for method in Method::ALL {
            let mark = house.mark();
            let sent = house.try_send(&ada, method).await;
            if methods.contains(&method) {
                sent.unwrap();
                continue;
            }
            assert!(matches!(sent, Err(SendCodeError::ChannelOff { method: named }) if named == method), "{sent:?}");
            assert_eq!(house.actions_since(mark), [""; 0]);
        }
        assert_eq!(house.sender.sent().len(), methods.len());
    }
}

#[tokio::test]
async fn a_channel_that_is_off_is_told_before_a_destination_is_asked_for() {
    let house = House::with(ChannelSet::of([Method::Email]).unwrap(), GENEROUS);
    let ada = house.insert(house.make.user("ada").phone(None)).await;
    for method in [Method::Sms, Method::Push] {
        let sent = house.try_send(&ada, method).await;
        assert!(matches!(sent, Err(SendCodeError::ChannelOff { .. })), "{sent:?}");
    }
}

#[tokio::test]
async fn whoever_proved_every_channel_that_is_on_can_be_on_call() {
    for (channels, methods) in sets() {
        let house = House::with(channels, GENEROUS);
        let ada = with_device(&house, "ada").await;
        for (proven, method) in methods.iter().enumerate() {
            let status = house.status(ada.id).await;
            assert_eq!(status.missing(), methods[proven..]);
            assert!(!status.all_verified() && !status.can_be_on_call());
            let code = house.send(&ada, *method).await;
            let verified = house.verification.verify_code(ada.id, *method, &code, &house.origin).await.unwrap();
            assert_eq!(verified.status, house.status(ada.id).await);
        }
        let status = house.status(ada.id).await;
        assert_eq!(status.missing(), []);
        assert!(status.all_verified() && status.can_be_on_call(), "{methods:?}");
    }
}

#[tokio::test]
async fn a_proof_over_a_channel_that_is_off_stays_and_counts_for_nothing() {
    let house = House::new();
    let ada = with_device(&house, "ada").await;
    house.prove(&ada, Method::Sms).await;
    let facts = house.profile(ada.id).await;
    for (channels, methods) in sets() {
        let status = facts.verification(channels, house.now());
        assert!(status.sms.verified_at.is_some());
        let missing: Vec<Method> = methods.iter().copied().filter(|method| *method != Method::Sms).collect();
        assert_eq!(status.missing(), missing);
        assert_eq!(status.can_be_on_call(), methods == [Method::Sms]);
    }
}

#[tokio::test]
async fn critical_alerts_need_a_channel_that_is_on() {
    for (channels, methods) in sets() {
        let house = House::with(channels, GENEROUS);
        let ada = house.user("ada").await;
        assert_eq!(Preferences::default().check(channels), Ok(()), "the defaults reach everybody");
        for channel in Method::ALL {
            let mut document = Preferences::default();
            document.rules.critical = vec![Step { channel, after_minutes: 0 }];
            let replaced = house.preferences.replace(ada.id, document, &Precondition::None, &house.origin).await;
            if methods.contains(&channel) {
                replaced.unwrap();
                continue;
            }
            let told = |errors: &[FieldError]| errors.len() == 1 && errors[0].field == "rules.critical";
            assert!(matches!(&replaced, Err(ReplacePreferencesError::Invalid(errors)) if told(errors)), "{replaced:?}");
        }
    }
}
