//! A rotation of the pepper as two servers over one store see it.

use std::sync::Arc;

use muster_domain::audit::DirectoryFeed;
use muster_domain::directory::{Change, DirectoryStore, RawRecord};
use muster_domain::key_rotation::{KeyRotationService, KeyedRows, Moved};
use muster_domain::session::{RefreshError, RefreshToken, RefusedReason, SessionStore};
use muster_domain::user::User;
use muster_domain::verification::{Allowance, ChannelSet, Method, SendCodeError, SendLimits, VerifyCodeError};
use muster_domain::{KeyIds, KeyStanding, UserId};
use muster_testkit::FakeHasher;
use time::Duration;

use crate::house::{GENEROUS, House, raw, record};

const OLD: u32 = 0;
const NEW: u32 = 1;

/// The servers of the four steps: before, with the next key, with the previous one, after.
fn steps(house: &House) -> [House; 4] {
    [
        house.with_keys(FakeHasher::of_key(OLD)),
        house.with_keys(FakeHasher::rotating(OLD, Some(NEW), None)),
        house.with_keys(FakeHasher::rotating(NEW, None, Some(OLD))),
        house.with_keys(FakeHasher::of_key(NEW)),
    ]
}

fn rotation(house: &House, hasher: FakeHasher) -> KeyRotationService {
    KeyRotationService {
        store: Arc::new(house.store.clone()),
        fingerprinter: Arc::new(hasher),
        tokens: Arc::new(hasher),
        clock: house.clock.clone(),
    }
}

/// What the servers of the third step do in the background.
async fn move_all(house: &House) -> Moved {
    rotation(house, FakeHasher::rotating(NEW, None, Some(OLD))).move_all(false).await.unwrap()
}

/// Somebody whose every channel is proven.
async fn proven(house: &House, name: &str) -> User {
    let ada = house.user(name).await;
    house.prove(&ada, Method::Email).await;
    house.prove(&ada, Method::Sms).await;
    house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    house.clock.advance(Duration::HOUR);
    ada
}

async fn can_be_on_call(house: &House, id: UserId) -> bool {
    house.status(id).await.can_be_on_call()
}

#[tokio::test]
async fn nobody_is_unproven_by_any_step() {
    let house = House::new();
    let ada = proven(&house, "ada").await;
    for (number, step) in steps(&house).iter().enumerate() {
        assert!(can_be_on_call(step, ada.id).await, "step {number}");
        if number == 2 {
            let expected = Moved { fingerprints: 3, refresh_tokens: 0, unrecognized: 0 };
            assert_eq!(move_all(step).await, expected);
            assert!(can_be_on_call(step, ada.id).await);
            assert_eq!(move_all(step).await, Moved::default(), "what was moved is not moved again");
        }
    }
    let profile = house.profile(ada.id).await;
    let key = Some(FakeHasher::key_id(NEW));
    assert_eq!(profile.user.email_fingerprint.unwrap().key, key);
    assert_eq!(profile.user.phone_fingerprint.unwrap().key, key);
    assert!(profile.proofs.iter().all(|proof| proof.fingerprint.key == key));
    assert!(profile.devices.iter().all(|device| device.token_fingerprint.key == key));
}

#[tokio::test]
async fn a_server_in_the_first_step_leaves_alone_what_one_in_the_second_has_moved() {
    let house = House::new();
    let ada = proven(&house, "ada").await;
    move_all(&house).await;
    let moved = house.profile(ada.id).await;
    let behind = rotation(&house, FakeHasher::rotating(OLD, Some(NEW), None));
    assert_eq!(behind.move_all(false).await.unwrap(), Moved::default());
    assert_eq!(house.profile(ada.id).await, moved);
}

#[tokio::test]
async fn a_code_works_at_each_server_of_its_step_and_of_the_next() {
    let house = House::new();
    let steps = steps(&house);
    for (sender, checker, moves) in [
        (0, 1, false),
        (1, 0, false),
        (1, 2, false),
        (1, 2, true),
        (2, 1, false),
        (2, 1, true),
        (2, 3, true),
        (3, 2, false),
    ] {
        for method in [Method::Email, Method::Sms, Method::Push] {
            let ada = house.user(&format!("ada{sender}{checker}{moves}{}", method.as_str())).await;
            house.device(&ada, &format!("token-{}", ada.user_name)).await;
            let code = steps[sender].send(&ada, method).await;
            if moves {
                move_all(&house).await;
            }
            let verified = steps[checker].verification.verify_code(ada.id, method, &code, &house.origin).await;
            assert!(verified.is_ok(), "{method} from {sender} at {checker}, moved {moves}: {verified:?}");
            assert!(house.status(ada.id).await.channel(method).verified_at.is_some(), "{method} is proven");
            move_all(&house).await;
            assert!(house.status(ada.id).await.channel(method).verified_at.is_some(), "{method} stays proven");
        }
    }
}

#[tokio::test]
async fn a_code_of_a_removed_key_is_refused_as_any_wrong_one() {
    let house = House::new();
    let [before, .., after] = steps(&house);
    let ada = house.user("ada").await;
    let code = before.send(&ada, Method::Email).await;
    let refused = after.verification.verify_code(ada.id, Method::Email, &code, &house.origin).await.unwrap_err();
    assert!(matches!(refused, VerifyCodeError::InvalidOrExpired { attempts_left: Some(4) }), "{refused:?}");
    // And the person asks for another, although no key of the server's made their fingerprint.
    house.clock.advance(Duration::HOUR);
    let code = after.send(&ada, Method::Email).await;
    assert!(after.verification.verify_code(ada.id, Method::Email, &code, &house.origin).await.is_ok());
    assert!(house.status(ada.id).await.channel(Method::Email).verified_at.is_some());
}

#[tokio::test]
async fn a_destination_that_the_directory_changed_is_not_proven_by_a_code_of_before_whatever_the_keys() {
    let house = House::new();
    let [_, first, second, _] = steps(&house);
    let ada = record(raw("ada@example.com"));
    let id = first.directory.apply_record(&ada, DirectoryFeed::Scim, &house.origin).await.unwrap().user_id;
    let user = house.profile(id).await.user;
    let code = first.send(&user, Method::Email).await;
    let moved = RawRecord { email: Some("countess@example.com".to_owned()), ..raw("ada@example.com") };
    second.directory.apply_record(&record(moved), DirectoryFeed::Scim, &house.origin).await.unwrap();
    let refused = second.verification.verify_code(id, Method::Email, &code, &house.origin).await.unwrap_err();
    assert!(matches!(refused, VerifyCodeError::InvalidOrExpired { .. }), "{refused:?}");
}

#[tokio::test]
async fn the_directorys_word_unproves_nobody_under_any_key() {
    let house = House::new();
    let add = raw("ada@example.com");
    let added = house.directory.apply_record(&record(add.clone()), DirectoryFeed::Scim, &house.origin).await.unwrap();
    let ada = house.profile(added.user_id).await.user;
    house.prove(&ada, Method::Email).await;
    house.prove(&ada, Method::Sms).await;
    let strangers = house.with_keys(FakeHasher::of_key(9));
    for (number, step) in steps(&house).iter().chain([&strangers]).enumerate() {
        let same = step.directory.apply_record(&record(add.clone()), DirectoryFeed::Scim, &house.origin).await.unwrap();
        assert_eq!(same.change, Change::Unchanged, "step {number}");
        // What is written with capitals is the same address.
        let renamed = RawRecord {
            display_name: Some(format!("Ada {number}")),
            email: Some("ADA@Example.com".to_owned()),
            ..add.clone()
        };
        step.directory.apply_record(&record(renamed), DirectoryFeed::Scim, &house.origin).await.unwrap();
        step.directory.apply_record(&record(add.clone()), DirectoryFeed::Scim, &house.origin).await.unwrap();
        let status = house.status(ada.id).await;
        assert_eq!(status.missing(), [Method::Push], "step {number} took a proof back");
    }
    // A contact that does change loses its proof, and is fingerprinted under the server's key.
    let moved = RawRecord { email: Some("countess@example.com".to_owned()), ..add };
    let [.., last] = steps(&house);
    last.directory.apply_record(&record(moved), DirectoryFeed::Scim, &house.origin).await.unwrap();
    assert_eq!(house.status(ada.id).await.missing(), [Method::Email, Method::Push]);
    let user = house.profile(ada.id).await.user;
    assert_eq!(user.email_fingerprint.unwrap().key, Some(FakeHasher::key_id(NEW)));
    assert_eq!(user.phone_fingerprint.unwrap().key, Some(FakeHasher::key_id(OLD)));
}

async fn refresh(house: &House, token: &RefreshToken) -> Result<RefreshToken, RefusedReason> {
    match house.sessions.refresh(token, &house.origin).await {
        Ok(refreshed) => Ok(refreshed.refresh_token),
        Err(RefreshError::Refused(reason)) => Err(reason),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_token_has_one_successor_at_servers_of_neighbouring_steps() {
    let house = House::new();
    let ada = house.user("ada").await;
    let steps = steps(&house);
    // Each with its neighbour; a server of before the rotation has nothing of the next key's to refresh yet.
    for pair in [[0, 1], [1, 0], [1, 2], [2, 1], [2, 3], [3, 2]] {
        let [here, there] = pair.map(|step: usize| &steps[step]);
        let issued = here.sessions.issue(ada.id, None, None, None, &house.origin).await.unwrap();
        let mut token = issued.refresh_token;
        // The phone repeats each refresh at the other server, because the first answer was lost.
        for _ in 0..3 {
            let first = refresh(here, &token).await.unwrap();
            assert!(refresh(there, &token).await.unwrap() == first, "two lines of descent");
            token = refresh(there, &first).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_session_of_before_goes_on_after_its_key_was_removed() {
    let house = House::new();
    let ada = house.user("ada").await;
    let [before, .., after] = steps(&house);
    let issued = before.sessions.issue(ada.id, None, None, None, &house.origin).await.unwrap();
    let successor = refresh(&after, &issued.refresh_token).await.unwrap();
    assert!(refresh(&after, &issued.refresh_token).await.unwrap() == successor, "a retry gives the same");
    assert!(refresh(&after, &successor).await.is_ok());
    assert_eq!(refresh(&after, &issued.refresh_token).await.unwrap_err(), RefusedReason::LatePacket);
}

#[tokio::test]
async fn a_push_token_is_one_device_at_every_step() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let device = house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    for step in steps(&house) {
        let again = step.device(&ada, "token").await;
        assert_eq!((again.id, again.verified_at.is_some()), (device.id, true));
    }
    let [.., after] = steps(&house);
    after.device(&grace, "token").await;
    assert_eq!(house.profile(ada.id).await.devices, []);
    assert_eq!(house.profile(grace.id).await.devices.len(), 1);
}

#[tokio::test]
async fn limits_by_destination_and_waits_hold_across_a_rotation() {
    let house = House::with(ChannelSet::ALL, SendLimits { per_destination: Allowance { hour: 2, day: 2 }, ..GENEROUS });
    let [_, first, second, _] = steps(&house);
    let ada = house.user("ada").await;
    first.send(&ada, Method::Sms).await;
    house.clock.advance(Duration::minutes(2));
    first.send(&ada, Method::Sms).await;
    let streak = house.profile(ada.id).await.challenges[0].streak;
    move_all(&house).await;
    house.clock.advance(Duration::minutes(10));
    let refused = second.try_send(&ada, Method::Sms).await.unwrap_err();
    assert!(matches!(refused, SendCodeError::OverQuota { .. }), "{refused:?}");
    house.clock.advance(Duration::hours(23) + Duration::minutes(55));
    second.send(&ada, Method::Sms).await;
    assert_eq!(streak, 2);
    house.clock.advance(Duration::minutes(10));
    first.send(&ada, Method::Sms).await;
    assert_eq!(house.profile(ada.id).await.challenges[0].streak, 2, "codes in vain count from one key to the other");
}

#[tokio::test]
async fn what_no_key_made_is_left_unless_the_operator_vouches_for_it() {
    let house = House::new();
    let ada = proven(&house, "ada").await;
    let before = house.profile(ada.id).await;
    let service = rotation(&house, FakeHasher::of_key(NEW));
    let left = Moved { unrecognized: 3, ..Moved::default() };
    assert_eq!(service.move_all(false).await.unwrap(), left);
    assert_eq!(house.profile(ada.id).await, before);
    let usage = service.count().await.unwrap();
    let contacts = [KeyedRows::Emails, KeyedRows::Phones, KeyedRows::Devices];
    assert_eq!(usage.of(KeyStanding::Unknown, &contacts), 3);
    assert_eq!(usage.unknown, [FakeHasher::key_id(OLD)]);

    assert_eq!(service.move_all(true).await.unwrap(), Moved { fingerprints: 3, ..Moved::default() });
    assert!(can_be_on_call(&house, ada.id).await);
    assert_eq!(service.count().await.unwrap().of(KeyStanding::Unknown, &contacts), 0);
}

#[tokio::test]
async fn a_contact_that_was_changed_by_hand_gains_nothing_by_a_rotation() {
    let house = House::new();
    let ada = proven(&house, "ada").await;
    // Somebody puts another address beside the fingerprint of the proven one.
    let mut tampered = house.profile(ada.id).await.user;
    tampered.email = house.make.user("eve").build().email;
    house.overwrite(&tampered).await;
    for unverified in [false, true] {
        let service = rotation(&house, FakeHasher::rotating(NEW, None, Some(OLD)));
        service.move_all(unverified).await.unwrap();
        let fingerprint = house.profile(ada.id).await.user.email_fingerprint.unwrap();
        assert_eq!(fingerprint.key, Some(FakeHasher::key_id(OLD)), "a wrong fingerprint was made right");
    }
}

#[tokio::test]
async fn rows_that_name_no_key_are_recognized_and_their_key_is_recorded() {
    let house = House::new();
    for (hasher, expected) in [
        (FakeHasher::of_key(OLD), OLD),
        (FakeHasher::rotating(OLD, Some(NEW), None), OLD),
        (FakeHasher::rotating(NEW, None, Some(OLD)), NEW),
    ] {
        let mut ada = house.make.user(&format!("ada{}", house.mark())).build();
        ada.email_fingerprint = ada.email_fingerprint.map(|fingerprint| fingerprint.hash.into());
        let event = house.make.event("test.user.created", Some(ada.id));
        house.store.insert_user(&ada, &event).await.unwrap();
        let mut opening = house.make.opening(house.make.session(ada.id));
        opening.token.successor_key = None;
        let token = opening.token;
        house.store.issue(&opening, &event).await.unwrap();
        let moved = rotation(&house, hasher).move_all(false).await.unwrap();
        assert_eq!(moved.refresh_tokens, 1);
        let kept = house.store.load_for_refresh(&token.hash).await.unwrap().unwrap();
        assert_eq!(kept.token.successor_key, Some(FakeHasher::key_id(OLD)), "the key that made the contacts' too");
        assert_eq!(kept.profile.user.email_fingerprint.unwrap().key, Some(FakeHasher::key_id(expected)));
    }
}

#[test]
fn a_key_has_one_standing() {
    use KeyStanding::{Current, Next, Previous, Unknown, Unrecorded};
    let id = FakeHasher::key_id;
    let keys = KeyIds { current: id(1), next: Some(id(2)), previous: vec![id(3), id(4)] };
    let standings =
        [Some(id(1)), Some(id(2)), Some(id(3)), Some(id(4)), Some(id(5)), None].map(|key| keys.standing(key));
    assert_eq!(standings, [Current, Next, Previous, Previous, Unknown, Unrecorded]);
    assert_eq!(id(0x0a0b_0c0d).to_string(), "0a0b0c0d");
}
