use muster_domain::audit::Origin;
use muster_domain::break_glass::{PasswordError, Refusal, SignInError, SignedIn};
use muster_domain::notice::NoticeContent;
use muster_domain::verification::Method;
use serde_json::json;
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
async fn no_number_of_attempts_locks_an_account() {
    let nowhere = Origin { ip: None, ..from("::1") };
    let glass = Glass::new();
    let created = glass.create("Night").await;
    for (number, origin) in [nowhere, from("::1"), from("10.0.0.7")].into_iter().cycle().take(3_000).enumerate() {
        let name = if number % 2 == 0 { "Night" } else { "nobody" };
        assert!(is_refused(&glass.try_sign_in(name, Some(&typed("wrong")), &origin).await), "attempt {number}");
    }
    for host in 0..250 {
        let outcome = glass.sign_in("Night", &typed("wrong"), &format!("192.0.2.{host}")).await;
        assert!(is_refused(&outcome), "{outcome:?}");
    }
    for ip in ["::1", "10.0.0.7", "198.51.100.1"] {
        glass.sign_in("Night", &created.password, ip).await.unwrap();
    }
}

#[tokio::test]
async fn an_attempt_that_was_not_checked_is_counted_nowhere() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    let mark = glass.house.mark();
    glass.hasher.set_busy(true);
    for _ in 0..1_000 {
        let outcome = glass.sign_in("Night", &typed("wrong"), "192.0.2.1").await;
        assert!(matches!(outcome, Err(SignInError::Password(PasswordError::Busy { .. }))), "{outcome:?}");
    }
    glass.hasher.set_busy(false);
    assert_eq!((glass.house.mark(), glass.hasher.checked()), (mark, 0));
    // All ten of the address are left.
    for _ in 0..9 {
        assert!(is_refused(&glass.sign_in("Night", &typed("wrong"), "192.0.2.1").await));
    }
    glass.sign_in("Night", &created.password, "192.0.2.1").await.unwrap();
    wait(glass.sign_in("Night", &created.password, "192.0.2.1").await);
}

#[tokio::test]
async fn the_right_password_is_checked_while_the_queue_of_wrong_ones_is_full() {
    let glass = Glass::new();
    let (created, other) = (glass.create("Night").await, glass.create("Day").await);
    glass.hasher.set_common_busy(true);
    glass.sign_in(" nIGHT", &created.password, "192.0.2.1").await.unwrap();
    for (name, password) in [("Night", &other.password), ("nobody", &created.password), ("Night", &typed("wrong"))] {
        let outcome = glass.sign_in(name, password, "192.0.2.1").await;
        assert!(matches!(outcome, Err(SignInError::Password(PasswordError::Busy { .. }))), "{name}: {outcome:?}");
    }
    let outcome = glass.try_sign_in("Night", None, &from("192.0.2.1")).await;
    assert!(matches!(outcome, Err(SignInError::Password(PasswordError::Busy { .. }))), "{outcome:?}");
}

#[tokio::test]
async fn a_flood_is_recorded_once_with_its_number_and_told_to_every_admin() {
    let glass = Glass::new();
    let ada = glass.house.insert(glass.house.make.user("ada").admin()).await;
    let ben = glass.house.insert(glass.house.make.user("ben").admin()).await;
    glass.create("Night").await;
    let mark = glass.house.mark();
    for _ in 0..99 {
        assert!(is_refused(&glass.sign_in(" NIGHT", &typed("wrong"), "::1").await));
    }
    let mut expected = vec!["breakglass.refused"; 9];
    expected.push("breakglass.flooded");
    assert_eq!(glass.house.actions_since(mark), expected);
    let event = glass.house.last_event();
    assert_eq!(event.details, json!({ "account": "Night", "attempts": 10, "adminsTold": 2, "severity": "high" }));
    assert_eq!((event.subject, event.origin), (None, from("::1")));
    let notices = glass.notices().await;
    assert_eq!(
        notices.iter().map(|notice| notice.user_id).collect::<Vec<_>>(),
        [ada.id.min(ben.id), ada.id.max(ben.id)]
    );
    let content = NoticeContent::BreakGlassFlooded { account: Some("Night".to_owned()), at: glass.house.now() };
    assert!(notices.iter().all(|notice| notice.channel == Method::Email && notice.content == content));

    // Names that are no account's are one flood, however many they are.
    let mark = glass.house.mark();
    for number in 0..50 {
        assert!(is_refused(&glass.sign_in(&format!("nobody {number}"), &typed("wrong"), "::1").await));
    }
    assert_eq!(glass.house.actions_since(mark), expected);
    assert_eq!(glass.house.last_event().details["account"], json!(null));

    glass.house.clock.advance(Refusal::WINDOW);
    let mark = glass.house.mark();
    assert!(is_refused(&glass.sign_in("Night", &typed("wrong"), "::1").await));
    assert_eq!(glass.house.actions_since(mark), ["breakglass.refused"], "a new window begins");
}
