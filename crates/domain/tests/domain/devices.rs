use muster_domain::device::{DeviceService, NewDevice, Platform, RegisterDeviceError};
use muster_domain::user::User;
use muster_domain::verification::Method;
use muster_domain::{DeviceId, Text};
use time::Duration;

use crate::house::House;

fn new(platform: Platform, token: &str) -> NewDevice {
    NewDevice { platform, token: token.to_owned(), name: None, app_version: None }
}

async fn register(house: &House, user: &User, new: NewDevice) -> Result<bool, RegisterDeviceError> {
    house.devices.register(user.id, None, new, &house.origin).await.map(|registered| registered.created)
}

#[tokio::test]
async fn a_device_is_registered_with_what_its_app_says() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mark = house.mark();
    let said = NewDevice {
        name: Some(Text::parse(" Ada's phone ").unwrap()),
        app_version: Some(Text::parse("3.1").unwrap()),
        ..new(Platform::Ios, " token ")
    };
    let registered = house.devices.register(ada.id, None, said, &house.origin).await.unwrap();
    assert!(registered.created);
    let device = registered.device;
    assert_eq!((device.user_id, device.platform, device.token.expose()), (ada.id, Platform::Ios, "token"));
    assert_eq!((device.name.as_deref(), device.app_version.as_deref()), (Some("Ada's phone"), Some("3.1")));
    assert_eq!((device.created_at, device.last_seen_at, device.verified_at), (house.now(), house.now(), None));
    assert_eq!(house.actions_since(mark), ["device.registered"]);
    assert_eq!(house.last_event().details["deviceId"], device.id.to_string());
    assert_eq!(house.devices.list(ada.id).await.unwrap(), [device]);
}

#[tokio::test]
async fn registering_again_updates_the_device() {
    let house = House::new();
    let ada = house.user("ada").await;
    let first = house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    house.clock.advance(Duration::DAY);
    let mark = house.mark();
    assert!(!register(&house, &ada, new(Platform::Android, "token")).await.unwrap());
    let device = house.devices.list(ada.id).await.unwrap().remove(0);
    assert_eq!((device.id, device.created_at, device.last_seen_at), (first.id, first.created_at, house.now()));
    assert!(device.verified_at.is_some(), "the proof stays");
    assert_eq!(house.actions_since(mark), ["device.updated"]);
    assert_eq!(house.last_event().details["deviceId"], first.id.to_string());
}

#[tokio::test]
async fn a_token_that_another_person_holds_moves_and_both_sides_are_recorded() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    let mark = house.mark();
    assert!(register(&house, &grace, new(Platform::Android, "token")).await.unwrap());
    assert_eq!(house.devices.list(ada.id).await.unwrap(), []);
    let moved = house.devices.list(grace.id).await.unwrap().remove(0);
    assert_eq!(moved.verified_at, None);
    assert!(house.status(ada.id).await.push.verified_at.is_none());
    let mut sides: Vec<_> =
        house.store.audit_trail().split_off(mark).into_iter().map(|e| (e.action, e.subject)).collect();
    sides.sort();
    let expected = [("device.registered", grace.id), ("device.released", ada.id)];
    assert_eq!(sides, expected.map(|(action, subject)| (action.to_owned(), Some(subject))));
}

#[tokio::test]
async fn a_code_of_the_former_holder_does_not_prove_a_moved_device() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    house.device(&ada, "token").await;
    let code = house.send(&ada, Method::Push).await;
    house.device(&grace, "token").await;
    assert!(house.verification.verify_code(ada.id, Method::Push, &code, &house.origin).await.is_err());
    assert!(house.verification.verify_code(grace.id, Method::Push, &code, &house.origin).await.is_err());
    assert!(house.status(grace.id).await.push.verified_at.is_none());
}

#[tokio::test]
async fn the_twenty_first_device_is_refused() {
    let house = House::new();
    let ada = house.user("ada").await;
    for number in 0..DeviceService::MAX_PER_USER {
        house.device(&ada, &format!("token-{number}")).await;
    }
    let mark = house.mark();
    let refused = register(&house, &ada, new(Platform::Android, "one-more")).await;
    assert!(matches!(refused, Err(RegisterDeviceError::LimitReached)));
    assert_eq!(house.actions_since(mark), [""; 0]);
    assert!(!register(&house, &ada, new(Platform::Android, "token-7")).await.unwrap(), "an old one still updates");
    assert_eq!(house.devices.list(ada.id).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_subscription_written_differently_is_the_same_device() {
    let house = House::new();
    let ada = house.user("ada").await;
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let auth = "AAAAAAAAAAAAAAAAAAAAAA";
    let plain = format!(r#"{{"endpoint":"https://push.example/s/1","keys":{{"p256dh":"{p256dh}","auth":"{auth}"}}}}"#);
    let padded = format!(
        r#" {{ "keys": {{ "auth": "{auth}==", "p256dh": "{p256dh}=" }}, "expirationTime": null,
              "endpoint": "HTTPS://PUSH.example:443/s/1" }} "#
    );
    assert!(register(&house, &ada, new(Platform::Web, &plain)).await.unwrap());
    assert!(!register(&house, &ada, new(Platform::Web, &padded)).await.unwrap());
    assert_eq!(house.devices.list(ada.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_malformed_token_is_refused_without_asking_the_store() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.store.set_unavailable(true);
    for (platform, token) in [(Platform::Ios, ""), (Platform::Android, "two words"), (Platform::Web, "{}")] {
        let refused = register(&house, &ada, new(platform, token)).await;
        assert!(matches!(refused, Err(RegisterDeviceError::InvalidToken(_))));
    }
}

#[tokio::test]
async fn a_removed_device_is_gone() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let device = house.device(&ada, "token").await;
    let mark = house.mark();
    assert!(!house.devices.remove(grace.id, None, device.id, &house.origin).await.unwrap(), "it is not hers");
    let unknown = DeviceId::new(house.now(), &*house.make.entropy);
    assert!(!house.devices.remove(ada.id, None, unknown, &house.origin).await.unwrap());
    assert_eq!(house.actions_since(mark), [""; 0]);
    assert!(house.devices.remove(ada.id, None, device.id, &house.origin).await.unwrap());
    assert!(!house.devices.remove(ada.id, None, device.id, &house.origin).await.unwrap());
    assert_eq!(house.actions_since(mark), ["device.removed"]);
    assert_eq!(house.devices.list(ada.id).await.unwrap(), []);
}
