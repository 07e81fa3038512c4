//! Codes that nobody types in come further and further apart.

use muster_domain::audit::DirectoryFeed;
use muster_domain::directory::RawRecord;
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Method, SendCodeError, VerifyCodeError};
use time::{Duration, OffsetDateTime};

use crate::house::{House, other_than, raw, record};

/// Sends a code, lets the wait for the next pass, and returns how long that was.
async fn send_and_wait(house: &House, user: &User, method: Method) -> Duration {
    house.send(user, method).await;
    let wait = resend_after(house, user, method).await - house.now();
    house.clock.advance(wait);
    wait
}

/// Sends so many codes, of which none is typed in.
async fn send_in_vain(house: &House, user: &User, codes: usize) {
    for _ in 0..codes {
        send_and_wait(house, user, Method::Email).await;
    }
}

async fn resend_after(house: &House, user: &User, method: Method) -> OffsetDateTime {
    let challenges = house.profile(user.id).await.challenges;
    challenges.iter().find(|challenge| challenge.method == method).unwrap().resend_after
}

async fn assert_too_soon(house: &House, user: &User, wait: Duration) {
    let refused = house.try_send(user, Method::Email).await;
    assert!(matches!(refused, Err(SendCodeError::TooSoon { retry_after }) if retry_after == wait), "{refused:?}");
}

#[test]
fn the_wait_is_a_minute_twice_and_then_doubles_up_to_a_quarter_of_an_hour() {
    let waits = [(1, 1), (2, 1), (3, 2), (4, 4), (5, 8), (6, 15), (7, 15), (18, 15), (1_000, 15), (u16::MAX, 15)];
    for (streak, minutes) in waits {
        assert_eq!(Challenge::wait(streak), Duration::minutes(minutes), "{streak}");
    }
}

#[tokio::test]
async fn codes_that_nobody_types_in_are_further_and_further_apart() {
    let house = House::new();
    let ada = house.user("ada").await;
    for minutes in [1, 1, 2, 4, 8, 15, 15] {
        house.send(&ada, Method::Email).await;
        let pending = house.status(ada.id).await.email.pending.unwrap();
        assert_eq!(pending.resend_after, house.now() + Duration::minutes(minutes));
        house.clock.set(pending.resend_after - Duration::MICROSECOND);
        assert_too_soon(&house, &ada, Duration::MICROSECOND).await;
        house.clock.set(pending.resend_after);
    }
}

#[tokio::test]
async fn what_was_sent_in_vain_is_forgotten_after_a_day_without_a_code() {
    for (quiet, wait) in [(Duration::DAY - Duration::MICROSECOND, 4), (Duration::DAY, 1)] {
        let house = House::new();
        let ada = house.user("ada").await;
        send_in_vain(&house, &ada, 2).await;
        house.send(&ada, Method::Email).await;
        house.clock.advance(quiet);
        assert_eq!(send_and_wait(&house, &ada, Method::Email).await, Duration::minutes(wait), "after {quiet}");
    }
}

#[tokio::test]
async fn what_was_sent_in_vain_is_forgotten_when_a_code_is_typed_in() {
    let house = House::new();
    let ada = house.user("ada").await;
    send_in_vain(&house, &ada, 3).await;
    house.prove(&ada, Method::Email).await;
    // How it ended does not shorten the wait that it was opened with.
    assert_too_soon(&house, &ada, Duration::minutes(4)).await;
    house.clock.advance(Duration::minutes(4));
    assert_eq!(send_and_wait(&house, &ada, Method::Email).await, Duration::MINUTE);
}

#[tokio::test]
async fn what_was_sent_to_another_address_does_not_count() {
    let house = House::new();
    let write = async |address: &str| {
        let record = record(RawRecord { email: Some(address.to_owned()), ..raw("ada") });
        house.directory.apply_record(&record, DirectoryFeed::Scim, &house.origin).await.unwrap().user_id
    };
    let id = write("ada@example.com").await;
    let ada = house.profile(id).await.user;
    send_in_vain(&house, &ada, 4).await;
    write("ADA@example.com").await;
    let same = send_and_wait(&house, &ada, Method::Email).await;
    assert_eq!(same, Duration::minutes(8), "it is the same in other letters");
    write("countess@example.com").await;
    assert_eq!(send_and_wait(&house, &ada, Method::Email).await, Duration::MINUTE);
}

#[tokio::test]
async fn the_wait_grows_for_each_person_and_method_alone() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    send_in_vain(&house, &ada, 4).await;
    assert_eq!(send_and_wait(&house, &ada, Method::Sms).await, Duration::MINUTE);
    assert_eq!(send_and_wait(&house, &grace, Method::Email).await, Duration::MINUTE);
    assert_eq!(send_and_wait(&house, &ada, Method::Email).await, Duration::minutes(8));
}

#[tokio::test]
async fn who_tried_too_many_wrong_codes_is_told_the_whole_wait() {
    let house = House::new();
    let ada = house.user("ada").await;
    send_in_vain(&house, &ada, 3).await;
    let code = house.send(&ada, Method::Email).await;
    let sent_at = house.now();
    let wrong = other_than(&code);
    let verify = async |code| house.verification.verify_code(ada.id, Method::Email, code, &house.origin).await;
    for _ in 0..Challenge::MAX_ATTEMPTS {
        assert!(verify(&wrong).await.is_err());
    }
    for passed in [0, 30, 239, 240, 300] {
        house.clock.set(sent_at + Duration::seconds(passed));
        let wait = Duration::seconds((240 - passed).max(1));
        let refused = verify(&code).await;
        let told = matches!(refused, Err(VerifyCodeError::Exhausted { retry_after }) if retry_after == wait);
        assert!(told, "{refused:?}");
    }
}

#[tokio::test]
async fn nobody_waits_longer_for_a_code_that_was_sent_by_a_clock_that_is_ahead() {
    let house = House::new();
    let ada = house.user("ada").await;
    send_in_vain(&house, &ada, 5).await;
    house.send(&ada, Method::Email).await;
    house.clock.advance(Duration::minutes(-3));
    assert_too_soon(&house, &ada, Duration::minutes(15)).await;
}

#[tokio::test]
async fn naming_another_device_each_time_shortens_no_wait() {
    let house = House::new();
    let ada = house.user("ada").await;
    let devices = [house.device(&ada, "one").await, house.device(&ada, "two").await];
    for (minutes, device) in [1, 1, 2, 4].into_iter().zip(devices.iter().cycle()) {
        let sent = house.verification.send_code(ada.id, Method::Push, Some(device.id), &house.origin).await;
        assert!(sent.is_ok(), "{sent:?}");
        let next = resend_after(&house, &ada, Method::Push).await;
        assert_eq!(next, house.now() + Duration::minutes(minutes));
        house.clock.set(next);
    }
}
