use muster_domain::audit::Origin;
use muster_domain::break_glass::{SignInError, SignedIn};
use time::Duration;

use super::{Glass, from, is_refused, typed};

fn wait(outcome: Result<SignedIn, SignInError>) -> Duration {
    match outcome.unwrap_err() {
        SignInError::TooManyAttempts { retry_after } => retry_after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_address_has_ten_attempts_in_a_quarter_of_an_hour_whether_they_succeed_or_not() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    for attempt in 0..10 {
        let outcome = match attempt % 3 {
            0 => glass.sign_in("Night", &created.password, "192.0.2.1").await.map(drop),
            1 => glass.sign_in("Night", &typed("wrong"), "192.0.2.1").await.map(drop),
            _ => glass.sign_in(&format!("nobody {attempt}"), &typed("wrong"), "192.0.2.1").await.map(drop),
        };
        assert!(matches!(outcome, Ok(()) | Err(SignInError::Refused)), "{attempt}");
        glass.house.clock.advance(Duration::SECOND);
    }
    let (mark, checked) = (glass.house.mark(), glass.hasher.checked());
    for name in ["Night", "nobody"] {
        let retry_after = wait(glass.sign_in(name, &created.password, "192.0.2.1").await);
        assert_eq!(retry_after, Duration::minutes(15) - Duration::seconds(10), "{name}");
    }
    assert_eq!((glass.house.mark(), glass.hasher.checked()), (mark, checked), "what is over the limit costs nothing");
    glass.sign_in("Night", &created.password, "192.0.2.2").await.unwrap();
    glass.house.clock.advance(Duration::minutes(15) - Duration::seconds(10));
    glass.sign_in("Night", &created.password, "192.0.2.1").await.unwrap();
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_count_as_one() {
    let glass = Glass::new();
    for host in 0..10 {
        let outcome = glass.sign_in("nobody", &typed("wrong"), &format!("2001:db8:0:1:{host:x}::{host:x}")).await;
        assert!(is_refused(&outcome), "{outcome:?}");
    }
    wait(glass.sign_in("nobody", &typed("wrong"), "2001:db8:0:1:ffff::1").await);
    assert!(is_refused(&glass.sign_in("nobody", &typed("wrong"), "2001:db8:0:2::1").await));
}

#[tokio::test]
async fn a_name_has_a_thousand_attempts_an_hour_from_wherever_whether_or_not_it_is_an_accounts() {
    for name in ["Night", "nobody"] {
        let glass = Glass::new();
        let created = glass.create("Night").await;
        for host in 0..1_000 {
            let spelling = if host % 2 == 0 { name.to_uppercase() } else { format!("  {name} ") };
            assert!(is_refused(
                &glass.sign_in(&spelling, &typed("wrong"), &format!("192.0.{}.{}", host / 250, host % 250)).await
            ));
        }
        glass.house.clock.advance(Duration::MINUTE);
        let retry_after = wait(glass.sign_in(name, &created.password, "198.51.100.1").await);
        assert_eq!(retry_after, Duration::minutes(59), "{name}");
        assert!(is_refused(&glass.sign_in("another", &typed("wrong"), "198.51.100.1").await));
    }
}

#[tokio::test]
async fn without_a_public_address_the_name_alone_is_counted() {
    let nowhere = Origin { ip: None, ..from("::1") };
    for origin in [nowhere, from("::1"), from("10.0.0.7")] {
        let glass = Glass::new();
        for _ in 0..1_000 {
            assert!(is_refused(&glass.try_sign_in("nobody", Some(&typed("wrong")), &origin).await));
        }
        wait(glass.try_sign_in("nobody", Some(&typed("wrong")), &origin).await);
    }
}
