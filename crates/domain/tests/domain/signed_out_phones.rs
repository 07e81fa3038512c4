//! A phone that is signed out gets no more messages and proves nothing.

use std::sync::Arc;

use muster_domain::audit::Origin;
use muster_domain::device::{DeviceName, NewDevice, Platform, RegisterDeviceError};
use muster_domain::directory::{DirectoryStore, UpdateOutcome, UserUpdate};
use muster_domain::notice::NoticeService;
use muster_domain::session::{IssueSessionError, IssuedSession, SessionService};
use muster_domain::user::User;
use muster_domain::verification::{Method, SendCodeError};
use muster_domain::{DeviceId, SessionId};
use serde_json::json;
use time::Duration;

use crate::house::House;

/// A phone whose push is proven, and the session on it.
async fn phone(house: &House) -> (User, DeviceId, IssuedSession) {
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    let issued = issue(house, &ada, Some(device.id)).await;
    house.clock.advance(Duration::HOUR);
    (ada, device.id, issued)
}

async fn issue(house: &House, user: &User, device: Option<DeviceId>) -> IssuedSession {
    house.sessions.issue(user.id, None, None, device, &house.origin).await.unwrap()
}

async fn assert_silent(house: &House, user: &User, reason: &str) {
    let status = house.status(user.id).await;
    assert_eq!((status.push.verified_at, status.device_count), (None, 0), "{reason}");
    let loss = status.push_loss.unwrap();
    assert_eq!((loss.reason.as_str(), loss.at), (reason, house.now()));
    let sent = house.try_send(user, Method::Push).await;
    assert!(matches!(sent, Err(SendCodeError::NoDestination { method: Method::Push })), "{reason}: {sent:?}");
}

#[tokio::test]
async fn whoever_signs_out_gets_no_more_codes_there() {
    let house = House::new();
    let (ada, device, issued) = phone(&house).await;
    let mark = house.mark();
    house.sessions.sign_out(&issued.refresh_token, &house.origin).await.unwrap();
    assert_eq!(house.actions_since(mark), ["session.revoked", "device.removed"]);
    let event = house.last_event();
    assert_eq!(event.details, json!({ "deviceId": device, "reason": "signedOut" }));
    assert_eq!((event.subject, event.origin), (Some(ada.id), house.origin.by_user(ada.id)));
    assert_silent(&house, &ada, "signedOut").await;
}

#[tokio::test]
async fn whoever_is_signed_out_by_the_owner_or_the_operator_gets_no_more_codes_there() {
    let house = House::new();
    let (ada, _, issued) = phone(&house).await;
    assert!(house.sessions.revoke(ada.id, issued.id, &house.origin).await.unwrap());
    assert_silent(&house, &ada, "revokedByOwner").await;

    let house = House::new();
    let (ada, ..) = phone(&house).await;
    assert_eq!(house.sessions.revoke_all(ada.id, &Origin::system("sessions revoke")).await.unwrap(), 1);
    assert_silent(&house, &ada, "revokedByOperator").await;
}

#[tokio::test]
async fn a_replay_takes_the_device_of_the_session_that_it_ends() {
    let house = House::new();
    let (ada, _, issued) = phone(&house).await;
    let second = house.sessions.refresh(&issued.refresh_token, &house.origin).await.unwrap();
    house.sessions.refresh(&second.refresh_token, &house.origin).await.unwrap();
    house.clock.advance(Duration::HOUR);
    assert!(house.sessions.refresh(&issued.refresh_token, &house.origin).await.is_err());
    assert_silent(&house, &ada, "replayed").await;
}

#[tokio::test]
async fn a_notice_goes_to_no_phone_that_was_signed_out() {
    let house = House::new();
    let (ada, _, issued) = phone(&house).await;
    let shared = Arc::new(house.store.clone());
    let notices = NoticeService {
        notices: shared.clone(),
        profiles: shared.clone(),
        devices: shared.clone(),
        email: house.sender.clone(),
        sms: house.sender.clone(),
        push: house.sender.clone(),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    };
    let update = UserUpdate {
        expected_version: ada.version,
        lost_proofs: vec![],
        duplicates: vec![],
        deactivates: false,
        brake: None,
        notices: vec![house.make.notice(ada.id, Method::Push)],
        at: house.now(),
        user: User { version: ada.version + 1, ..ada.clone() },
    };
    assert_eq!(house.store.update_user(&update, &[]).await.unwrap(), UpdateOutcome::Updated);
    assert!(house.sessions.revoke(ada.id, issued.id, &house.origin).await.unwrap());
    let before = house.sender.sent().len();
    assert_eq!(notices.deliver_due().await.unwrap(), 1);
    assert_eq!(house.sender.sent().len(), before);
}

#[tokio::test]
async fn an_access_token_whose_session_is_over_registers_no_device() {
    let house = House::new();
    let (ada, _, issued) = phone(&house).await;
    assert!(house.sessions.revoke(ada.id, issued.id, &house.origin).await.unwrap());
    let mark = house.mark();
    let outcome = register(&house, &ada, issued.id).await;
    assert!(matches!(outcome, Err(RegisterDeviceError::SessionEnded)), "{outcome:?}");
    assert_eq!(house.mark(), mark);
}

#[tokio::test]
async fn a_device_belongs_to_the_session_with_whose_access_token_it_was_registered() {
    let house = House::new();
    let ada = house.user("ada").await;
    let issued = issue(&house, &ada, None).await;
    register(&house, &ada, issued.id).await.unwrap();
    assert_eq!(house.status(ada.id).await.device_count, 1);
    house.sessions.sign_out(&issued.refresh_token, &house.origin).await.unwrap();
    assert_eq!(house.status(ada.id).await.device_count, 0);
}

async fn register(house: &House, user: &User, session: SessionId) -> Result<(), RegisterDeviceError> {
    let token = "another-token".to_owned();
    let new = NewDevice { platform: Platform::Android, token, name: None, app_version: None };
    house.devices.register(user.id, Some(session), new, &house.origin).await.map(drop)
}

#[tokio::test]
async fn an_owner_who_removes_a_device_signs_it_out_but_not_themself() {
    let house = House::new();
    let (ada, device, other) = phone(&house).await;
    let own = issue(&house, &ada, Some(device)).await;
    let mark = house.mark();
    assert!(house.devices.remove(ada.id, Some(own.id), device, &house.origin).await.unwrap());
    assert_eq!(house.actions_since(mark), ["device.removed", "session.revoked"]);
    let details = json!({ "sessionId": other.id, "reason": "deviceRemoved" });
    assert_eq!(house.last_event().details, details);
    let live = house.sessions.list(ada.id).await.unwrap();
    assert_eq!(live.iter().map(|session| session.id).collect::<Vec<_>>(), [own.id]);
    assert_silent(&house, &ada, "removedByOwner").await;
}

#[tokio::test]
async fn the_fifty_first_session_ends_the_one_that_was_used_longest_ago() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mut opened = Vec::new();
    for number in 0..SessionService::MAX_PER_USER {
        let name = DeviceName::parse(&format!("phone {number}")).unwrap();
        opened.push(house.sessions.issue(ada.id, None, Some(name), None, &house.origin).await.unwrap());
        house.clock.advance(Duration::MINUTE);
    }
    // The first is in use, so the second goes.
    house.sessions.refresh(&opened[0].refresh_token, &house.origin).await.unwrap();
    let mark = house.mark();
    issue(&house, &ada, None).await;
    assert_eq!(house.actions_since(mark), ["session.issued", "session.revoked"]);
    assert_eq!(house.last_event().details, json!({ "sessionId": opened[1].id, "reason": "tooMany" }));
    assert_eq!(house.sessions.list(ada.id).await.unwrap().len(), 50);
    let refused = house.sessions.issue(ada.id, Some(opened[1].id), None, None, &house.origin).await;
    assert!(matches!(refused, Err(IssueSessionError::SessionEnded)));
}
