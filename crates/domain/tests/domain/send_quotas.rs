//! Caps on how many codes go out: for a person, to a destination, for the installation.

use muster_domain::user::{Phone, User};
use muster_domain::verification::{
    Allowance, ChannelSet, Fingerprint, Method, QuotaScope, QuotaWindow, SendCodeError, SendLimits, SmsPrefixes,
};
use muster_testkit::Builders;
use time::Duration;

use crate::house::{GENEROUS, House};

fn house(limits: SendLimits) -> House {
    House::with(ChannelSet::ALL, limits)
}

/// How long to wait for a code that is over that quota.
async fn over(house: &House, user: &User, method: Method, expected: QuotaScope) -> Duration {
    let sent = house.sender.sent().len();
    let outcome = house.try_send(user, method).await;
    assert_eq!(house.sender.sent().len(), sent, "nothing is sent");
    match outcome {
        Err(SendCodeError::OverQuota { scope, retry_after }) if scope == expected => retry_after,
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_person_gets_so_many_codes_an_hour_and_a_day_over_all_channels() {
    let house = house(SendLimits { per_user: Allowance { hour: 2, day: 3 }, ..GENEROUS });
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    house.device(&ada, "token").await;
    let user = QuotaScope::User(ada.id);
    house.send(&ada, Method::Email).await;
    house.send(&ada, Method::Sms).await;
    assert_eq!(over(&house, &ada, Method::Push, user).await, Duration::HOUR);
    house.send(&grace, Method::Email).await;
    house.clock.advance(Duration::HOUR - Duration::SECOND);
    assert_eq!(over(&house, &ada, Method::Push, user).await, Duration::SECOND);
    house.clock.advance(Duration::SECOND);
    house.send(&ada, Method::Push).await;
    assert_eq!(over(&house, &ada, Method::Email, user).await, Duration::hours(23));
    house.clock.advance(Duration::hours(23));
    house.send(&ada, Method::Email).await;
}

#[tokio::test]
async fn a_destination_gets_so_many_codes_whoever_asks() {
    let house = house(SendLimits { per_destination: Allowance { hour: 2, day: 9 }, ..GENEROUS });
    let phone = Some(Phone::parse("+1 202-555-0143", None));
    let ada = house.insert(house.make.user("ada").phone(phone.clone())).await;
    let grace = house.insert(house.make.user("grace").phone(phone.clone())).await;
    let mary = house.insert(house.make.user("mary").phone(phone)).await;
    let number = QuotaScope::Destination(ada.phone_fingerprint.unwrap());
    house.send(&ada, Method::Sms).await;
    house.clock.advance(Duration::MINUTE);
    house.send(&grace, Method::Sms).await;
    for user in [&ada, &grace, &mary] {
        house.clock.advance(Duration::MINUTE);
        let since = house.now() - ada.created_at;
        assert_eq!(over(&house, user, Method::Sms, number).await, Duration::HOUR - since);
        house.send(user, Method::Email).await;
    }
}

#[tokio::test]
async fn the_installation_sends_so_many_codes() {
    let house = house(SendLimits { installation: Allowance { hour: 3, day: 4 }, ..GENEROUS });
    for name in ["ada", "grace", "mary"] {
        house.send(&house.user(name).await, Method::Email).await;
    }
    let jean = house.user("jean").await;
    assert_eq!(over(&house, &jean, Method::Sms, QuotaScope::Installation).await, Duration::HOUR);
    house.clock.advance(Duration::HOUR);
    house.send(&jean, Method::Sms).await;
    assert_eq!(over(&house, &jean, Method::Email, QuotaScope::Installation).await, Duration::hours(23));
}

#[tokio::test]
async fn a_refused_code_leaves_the_one_before_it_alive() {
    let house = house(SendLimits { per_user: Allowance { hour: 1, day: 1 }, ..GENEROUS });
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    house.clock.advance(Duration::MINUTE);
    over(&house, &ada, Method::Email, QuotaScope::User(ada.id)).await;
    house.verification.verify_code(ada.id, Method::Email, &code, &house.origin).await.unwrap();
}

#[tokio::test]
async fn who_asks_too_soon_is_told_so_whatever_the_quotas() {
    let house = house(SendLimits { per_user: Allowance { hour: 1, day: 1 }, ..GENEROUS });
    let ada = house.user("ada").await;
    house.send(&ada, Method::Email).await;
    let refused = house.try_send(&ada, Method::Email).await;
    assert!(matches!(refused, Err(SendCodeError::TooSoon { .. })), "{refused:?}");
}

#[tokio::test]
async fn whoever_floods_an_address_all_day_sends_it_fifteen_codes() {
    let house = house(SendLimits::default());
    let ada = house.user("ada").await;
    let mut sent = Vec::new();
    for minute in 0..24 * 60 {
        if house.try_send(&ada, Method::Email).await.is_ok() {
            sent.push(minute);
        }
        house.clock.advance(Duration::MINUTE);
    }
    assert_eq!(sent, [0, 1, 2, 4, 8, 16, 60, 75, 90, 105, 120, 135, 150, 165, 180]);
}

#[test]
fn quotas_are_given_in_one_order() {
    let (user, destination) = (Builders::default().user("ada").build().id, Fingerprint::from([7; 32]));
    let limits = SendLimits {
        per_destination: Allowance { hour: 3, day: 4 },
        per_user: Allowance { hour: 1, day: 2 },
        installation: Allowance { hour: 5, day: 6 },
        sms_prefixes: SmsPrefixes::Any,
    };
    let quotas = limits.quotas(user, &[destination]).into_iter().map(|quota| (quota.scope, quota.window, quota.max));
    let quotas: Vec<_> = quotas.collect();
    let [user, destination] = [QuotaScope::User(user), QuotaScope::Destination(destination)];
    let (hour, day, all) = (QuotaWindow::Hour, QuotaWindow::Day, QuotaScope::Installation);
    let expected =
        [(user, hour, 1), (user, day, 2), (destination, hour, 3), (destination, day, 4), (all, hour, 5), (all, day, 6)];
    assert_eq!(quotas, expected);
    assert_eq!([hour.length(), day.length()], [Duration::HOUR, Duration::DAY]);
    assert_eq!([user, destination, all].map(QuotaScope::as_str), ["user", "destination", "installation"]);
    assert_eq!([hour, day].map(QuotaWindow::as_str), ["hour", "day"]);
}
