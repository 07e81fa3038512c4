use muster_domain::access::{Principal, Scope};
use muster_domain::api_key::{
    ApiKeyHash, ApiKeyName, ApiKeyService, ApiKeyStore, ApiKeyToken, AuthenticateKeyError, CreatedKey, NewKey,
    RotateKeyError, Scopes,
};
use muster_domain::{ApiKeyId, StoreError};
use serde_json::json;
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::house::House;

fn new_key(scopes: &[Scope]) -> NewKey {
    NewKey { name: ApiKeyName::parse("pager").unwrap(), scopes: Scopes::of(scopes).unwrap(), expires_at: None }
}

async fn create(house: &House) -> CreatedKey {
    house.api_keys().create(new_key(&[Scope::Scim, Scope::UsersRead]), &house.origin).await.unwrap()
}

fn pager() -> Principal {
    Principal::Service { name: "pager".to_owned(), scopes: vec![Scope::UsersRead, Scope::Scim] }
}

async fn works(house: &House, token: &ApiKeyToken) -> bool {
    match house.api_keys().authenticate(&token.expose()).await {
        Ok(principal) => {
            assert_eq!(principal, pager());
            true
        }
        Err(AuthenticateKeyError::Refused) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_key_is_known_by_its_name_and_scopes() {
    let house = House::new();
    let CreatedKey { key, token } = create(&house).await;
    assert!(works(&house, &token).await);
    let text = token.expose();
    assert_eq!((text.len(), &text[..8]), (58, "mst_key_"));
    assert_eq!(key.prefix, &text[..12], "what is shown of a key is how it begins");
    assert_eq!((key.name.as_str(), &key.scopes[..]), ("pager", &[Scope::UsersRead, Scope::Scim][..]));
    assert_eq!((key.created_at, key.expires_at, key.revoked_at), (house.now(), None, None));
    assert_eq!(key.last_used_at, None);
    let event = house.last_event();
    assert_eq!((event.action.as_str(), event.subject, &event.origin), ("key.created", None, &house.origin));
    let scopes = ["users:read", "scim"];
    assert_eq!(event.details, json!({ "keyId": key.id, "name": "pager", "prefix": key.prefix, "scopes": scopes }));
}

#[tokio::test]
async fn keys_are_listed_newest_first_whether_they_work_or_not() {
    let house = House::new();
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.insert(0, create(&house).await.key);
        house.clock.advance(Duration::SECOND);
    }
    assert!(house.api_keys().revoke(expected[1].id, &house.origin).await.unwrap());
    expected[1].revoked_at = Some(house.now());
    assert_eq!(house.api_keys().list().await.unwrap(), expected);
}

#[test]
fn scopes_are_at_least_one_and_each_once() {
    assert_eq!(Scopes::of(&[]), None);
    let twice = Scopes::of(&[Scope::Scim, Scope::UsersRead, Scope::Scim]).unwrap();
    assert_eq!(twice, Scopes::of(&[Scope::UsersRead, Scope::Scim]).unwrap());
    for scope in Scope::ALL {
        assert_eq!(Scope::from_name(scope.as_str()), Some(scope));
    }
    assert_eq!(Scope::from_name("users:write"), None);
}

#[tokio::test]
async fn a_key_works_until_it_expires() {
    let house = House::new();
    let expires_at = house.now() + Duration::HOUR;
    let new = NewKey { expires_at: Some(expires_at), ..new_key(&[Scope::UsersRead, Scope::Scim]) };
    let created = house.api_keys().create(new, &house.origin).await.unwrap();
    assert_eq!(created.key.expires_at, Some(expires_at));
    house.clock.set(expires_at - Duration::MICROSECOND);
    assert!(works(&house, &created.token).await);
    house.clock.set(expires_at);
    assert!(!works(&house, &created.token).await);
}

#[tokio::test]
async fn a_revoked_key_is_refused_from_then_on() {
    let house = House::new();
    let (revoked, other) = (create(&house).await, create(&house).await);
    let mark = house.mark();
    assert!(house.api_keys().revoke(revoked.key.id, &house.origin).await.unwrap());
    assert!(!works(&house, &revoked.token).await);
    assert!(works(&house, &other.token).await);
    assert_eq!(house.last_event().details, json!({ "keyId": revoked.key.id }));

    assert!(!house.api_keys().revoke(revoked.key.id, &house.origin).await.unwrap(), "it is revoked already");
    let unknown = ApiKeyId::new(house.now(), &*house.make.entropy);
    assert!(!house.api_keys().revoke(unknown, &house.origin).await.unwrap(), "there is no such key");
    assert_eq!(house.actions_since(mark), ["key.revoked"]);
}

#[tokio::test]
async fn a_rotated_key_works_beside_its_successor_for_the_overlap() {
    let house = House::new();
    let old = create(&house).await;
    house.clock.advance(Duration::DAY);
    let until = house.now() + Duration::HOUR;
    let new = house.api_keys().rotate(old.key.id, Duration::HOUR, &house.origin).await.unwrap();
    assert_eq!((&new.key.name, &new.key.scopes), (&old.key.name, &old.key.scopes));
    assert_eq!((new.key.created_at, new.key.expires_at), (house.now(), None));
    assert_eq!(new.key.prefix, &new.token.expose()[..12]);
    assert_ne!((new.key.id, &new.key.prefix), (old.key.id, &old.key.prefix));
    let event = house.last_event();
    assert_eq!((event.action.as_str(), event.subject), ("key.rotated", None));
    let old_until = until.format(&Rfc3339).unwrap();
    assert_eq!(
        event.details,
        json!({ "keyId": old.key.id, "successor": new.key.id, "prefix": new.key.prefix, "oldUntil": old_until })
    );

    assert!(works(&house, &old.token).await && works(&house, &new.token).await);
    house.clock.set(until - Duration::MICROSECOND);
    assert!(works(&house, &old.token).await && works(&house, &new.token).await);
    house.clock.set(until);
    assert!(!works(&house, &old.token).await);
    house.clock.advance(Duration::days(400));
    assert!(works(&house, &new.token).await);
}

#[tokio::test]
async fn an_overlap_is_none_at_the_least_and_thirty_days_at_the_most() {
    let house = House::new();
    let most = Duration::days(30);
    for (asked, given) in [
        (Duration::MIN, Duration::ZERO),
        (-Duration::HOUR, Duration::ZERO),
        (Duration::ZERO, Duration::ZERO),
        (ApiKeyService::OVERLAP, Duration::DAY),
        (most, most),
        (most + Duration::MICROSECOND, most),
        (Duration::MAX, most),
    ] {
        let old = create(&house).await;
        house.api_keys().rotate(old.key.id, asked, &house.origin).await.unwrap();
        let keys = house.api_keys().list().await.unwrap();
        let ending = keys.into_iter().find(|key| key.id == old.key.id).unwrap();
        assert_eq!(ending.expires_at, Some(house.now() + given), "{asked} was asked for");
        assert_eq!(works(&house, &old.token).await, given > Duration::ZERO);
    }
}

#[tokio::test]
async fn a_rotation_does_not_lengthen_a_keys_life() {
    let house = House::new();
    let expires_at = house.now() + Duration::MINUTE;
    let new = NewKey { expires_at: Some(expires_at), ..new_key(&[Scope::UsersRead, Scope::Scim]) };
    let old = house.api_keys().create(new, &house.origin).await.unwrap();
    house.api_keys().rotate(old.key.id, Duration::HOUR, &house.origin).await.unwrap();
    house.clock.set(expires_at);
    assert!(!works(&house, &old.token).await);
}

#[tokio::test]
async fn only_a_key_that_works_is_rotated() {
    let house = House::new();
    let (revoked, replaced) = (create(&house).await, create(&house).await);
    assert!(house.api_keys().revoke(revoked.key.id, &house.origin).await.unwrap());
    house.api_keys().rotate(replaced.key.id, Duration::ZERO, &house.origin).await.unwrap();
    let (mark, keys) = (house.mark(), house.api_keys().list().await.unwrap());
    for id in [revoked.key.id, replaced.key.id, ApiKeyId::new(house.now(), &*house.make.entropy)] {
        let refused = house.api_keys().rotate(id, ApiKeyService::OVERLAP, &house.origin).await;
        assert!(matches!(refused, Err(RotateKeyError::NotLive)), "{refused:?}");
    }
    assert_eq!(house.actions_since(mark), [""; 0]);
    assert_eq!(house.api_keys().list().await.unwrap(), keys);
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() {
    let house = House::new();
    let CreatedKey { key, token } = create(&house).await;
    let mark = house.mark();
    let start = house.now() + Duration::HOUR;
    for (seconds, noted) in [(0, 0), (1, 0), (59, 0), (60, 60), (61, 60), (-3600, 60), (119, 60), (200, 200)] {
        house.clock.set(start + Duration::seconds(seconds));
        assert!(works(&house, &token).await);
        let last_used_at = house.api_keys().list().await.unwrap()[0].last_used_at;
        assert_eq!(last_used_at, Some(start + Duration::seconds(noted)), "used at {seconds} s");
    }
    assert_eq!(house.actions_since(mark), [""; 0], "a use is no change");

    assert!(house.api_keys().revoke(key.id, &house.origin).await.unwrap());
    house.clock.advance(Duration::DAY);
    assert!(!works(&house, &token).await);
    let last_used_at = house.api_keys().list().await.unwrap()[0].last_used_at;
    assert_eq!(last_used_at, Some(start + Duration::seconds(200)), "a refused key was not used");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_key_has_one_answer() {
    let house = House::new();
    let now = house.now();
    let (good, revoked) = (create(&house).await, create(&house).await);
    assert!(house.api_keys().revoke(revoked.key.id, &house.origin).await.unwrap());
    let expired = NewKey { expires_at: Some(now), ..new_key(&[Scope::Scim]) };
    let expired = house.api_keys().create(expired, &house.origin).await.unwrap();
    let text = good.token.expose().to_string();
    let last = if text.ends_with('0') { "1" } else { "0" };
    let mut wrong = vec![
        ApiKeyToken::generate(&*house.make.entropy).expose().to_string(),
        revoked.token.expose().to_string(),
        expired.token.expose().to_string(),
        format!("{}{last}", &text[..text.len() - 1]),
        text.replace("mst_key_", "mst_rt_"),
        text.replace("mst_key_", "MST_KEY_"),
        text["mst_key_".len()..].to_owned(),
        text[..text.len() - 1].to_owned(),
        format!("{text}0"),
        format!("{text}\0"),
        good.key.prefix.clone(),
    ];
    wrong.extend(["", " ", "mst_key_", "ключ"].map(ToOwned::to_owned));
    wrong.extend([format!(" {text}"), format!("{text} "), format!("{text}\n"), text.repeat(1000)]);
    for wrong in &wrong {
        let refused = house.api_keys().authenticate(wrong).await.unwrap_err();
        assert!(matches!(refused, AuthenticateKeyError::Refused), "{wrong:?}: {refused:?}");
        assert_eq!(refused.to_string(), "the key is not valid");
    }
    assert!(works(&house, &good.token).await);
}

#[tokio::test]
async fn nothing_that_is_secret_about_a_key_is_shown_or_recorded() {
    let house = House::new();
    let old = create(&house).await;
    let new = house.api_keys().rotate(old.key.id, Duration::HOUR, &house.origin).await.unwrap();
    assert!(works(&house, &new.token).await);
    assert!(house.api_keys().revoke(new.key.id, &house.origin).await.unwrap());
    let hash = ApiKeyHash([7; 32]);
    assert_eq!(format!("{hash:?} {:?}", old.token), "ApiKeyHash(redacted) ApiKeyToken(redacted)");
    let shown = format!("{old:?} {new:?} {:?} {:?}", house.store.audit_trail(), house.api_keys().list().await);
    for token in [&old.token, &new.token] {
        let text = token.expose();
        assert!(shown.contains(&text[..12]), "the beginning is there to recognize a key by");
        assert!(!shown.contains(&text[..13]) && !shown.contains(&text[12..]), "{shown}");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    let house = House::new();
    let CreatedKey { key, token } = create(&house).await;
    house.store.set_unavailable(true);
    let checked = house.api_keys().authenticate(&token.expose()).await;
    assert!(matches!(checked, Err(AuthenticateKeyError::Store(StoreError::Unavailable(_)))));
    let rotated = house.api_keys().rotate(key.id, Duration::HOUR, &house.origin).await;
    assert!(matches!(rotated, Err(RotateKeyError::Store(StoreError::Unavailable(_)))));
    assert!(house.api_keys().revoke(key.id, &house.origin).await.is_err());
    house.store.set_unavailable(false);
    assert_eq!(ApiKeyStore::list(&house.store).await.unwrap(), [key]);
    assert!(works(&house, &token).await);
}
