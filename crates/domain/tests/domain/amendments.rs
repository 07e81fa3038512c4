//! What the directory's clients change about somebody, one resource at a time.

use muster_domain::UserId;
use muster_domain::audit::Origin;
use muster_domain::directory::{ChangeError, DirectoryReader, DirectoryRecord, RawRecord};
use muster_domain::notice::{Due, NoticeContent, NoticeStore};
use muster_domain::user::{Role, User};
use muster_domain::verification::Method;
use time::Duration;

use crate::house::{House, raw, record};

const ADA: &str = "ada@example.com";
const CLIENT: &str = "Okta";

fn okta() -> Origin {
    Origin::system(CLIENT)
}

async fn deliver(house: &House, raw: RawRecord) -> Result<User, ChangeError> {
    house.directory.create_user(&record(raw), "Okta", &okta()).await
}

async fn amend(house: &House, id: UserId, expected: Option<i64>, raw: RawRecord) -> Result<User, ChangeError> {
    let wanted = record(raw);
    house.directory.amend_user(id, expected, CLIENT, &okta(), |_| Ok(wanted.clone())).await
}

async fn waiting(house: &House) -> Vec<(Method, NoticeContent)> {
    let due = Due { now: house.now(), again_at: house.now() + Duration::HOUR, limit: 100 };
    house.store.claim(due).await.unwrap().into_iter().map(|notice| (notice.channel, notice.content)).collect()
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_changes_nobody() {
    let house = House::new();
    let ada = deliver(&house, raw(ADA)).await.unwrap();
    let mark = house.mark();
    let again = deliver(&house, RawRecord { given_name: Some("Eve".to_owned()), ..raw("ADA@example.com") }).await;
    assert!(matches!(again, Err(ChangeError::Taken)));
    let grace = deliver(&house, raw("grace@example.com")).await.unwrap();
    assert!(matches!(amend(&house, grace.id, None, raw(ADA)).await, Err(ChangeError::Taken)));
    assert_eq!(house.profile(ada.id).await.user, ada);
    assert_eq!(house.actions_since(mark), ["scim.user.created"]);
}

#[tokio::test]
async fn an_expected_version_that_is_not_the_present_one_is_refused() {
    let house = House::new();
    let ada = deliver(&house, raw(ADA)).await.unwrap();
    let new = || RawRecord { given_name: Some("Ada".to_owned()), ..raw(ADA) };
    assert!(matches!(amend(&house, ada.id, Some(7), new()).await, Err(ChangeError::PreconditionFailed)));
    assert!(matches!(
        house.directory.remove_user(ada.id, Some(7), CLIENT, &okta()).await,
        Err(ChangeError::PreconditionFailed)
    ));
    assert_eq!(house.profile(ada.id).await.user, ada);
    assert_eq!(amend(&house, ada.id, Some(1), new()).await.unwrap().version, 2);
}

#[tokio::test]
async fn the_directory_may_give_another_external_id_and_take_it_away() {
    let house = House::new();
    let of = |external_id: Option<&str>| RawRecord { external_id: external_id.map(str::to_owned), ..raw(ADA) };
    let ada = deliver(&house, of(Some("00u1"))).await.unwrap();
    assert_eq!(amend(&house, ada.id, None, of(Some("00u2"))).await.unwrap().external_id.as_deref(), Some("00u2"));
    assert_eq!(amend(&house, ada.id, None, of(None)).await.unwrap().external_id.as_deref(), Some("00u2"));
    let complete = |raw| DirectoryRecord::with_complete_external_id(record(raw));
    let wanted = complete(of(None));
    let amended: Result<User, ChangeError> =
        house.directory.amend_user(ada.id, None, CLIENT, &okta(), |_| Ok(wanted.clone())).await;
    assert_eq!(amended.unwrap().external_id, None);
}

#[tokio::test]
async fn whoever_amends_is_asked_again_when_another_was_faster() {
    let house = House::new();
    let ada = deliver(&house, raw(ADA)).await.unwrap();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let amended: Result<User, ChangeError> = house
        .directory
        .amend_user(ada.id, None, CLIENT, &okta(), |before| {
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mut raw = raw(ADA);
            raw.given_name = Some(format!("after {}", before.version));
            Ok(record(raw))
        })
        .await;
    assert_eq!(amended.unwrap().given_name.as_deref(), Some("after 1"));
    assert_eq!(asked.into_inner(), 1);
}

#[tokio::test]
async fn deactivation_ends_sessions_and_reactivation_brings_none_back() {
    let house = House::new();
    let ada = deliver(&house, raw(ADA)).await.unwrap();
    let session = house.sessions.issue(ada.id, None, None, None, &house.origin).await.unwrap();
    let active = |active| RawRecord { active: Some(active), ..raw(ADA) };
    let mark = house.mark();
    assert!(!amend(&house, ada.id, None, active(false)).await.unwrap().active);
    assert_eq!(house.actions_since(mark), ["scim.user.updated", "scim.user.deactivated"]);
    assert!(house.sessions.refresh(&session.refresh_token, &house.origin).await.is_err());
    assert!(amend(&house, ada.id, None, active(true)).await.unwrap().active);
    assert!(house.sessions.refresh(&session.refresh_token, &house.origin).await.is_err());
}

#[tokio::test]
async fn a_changed_destination_is_told_over_the_channels_that_did_not_change() {
    let house = House::new();
    let ada = deliver(&house, raw(ADA)).await.unwrap();
    let phone = |phone: &str| RawRecord { phone: Some(phone.to_owned()), ..raw(ADA) };
    amend(&house, ada.id, None, phone("+1 202-555-0143")).await.unwrap();
    assert_eq!(waiting(&house).await, [], "a change of formatting is no change");
    amend(&house, ada.id, None, phone("+1 202-555-0144")).await.unwrap();
    let told = waiting(&house).await;
    assert_eq!(told.iter().map(|(channel, _)| *channel).collect::<Vec<_>>(), [Method::Email, Method::Push]);
    for (_, content) in told {
        let NoticeContent::ContactChanged { method: Method::Sms, destination: Some(masked) } = content else {
            panic!("{content:?}")
        };
        assert_eq!(masked.as_str(), "***0144");
    }
    let both = RawRecord { email: Some("new@example.com".to_owned()), ..phone("+1 202-555-0145") };
    amend(&house, ada.id, None, both).await.unwrap();
    let told = waiting(&house).await;
    assert!(told.iter().all(|(channel, _)| *channel == Method::Push), "{told:?}");
    assert_eq!(told.len(), 2);
    let gone = RawRecord { active: Some(false), ..phone("+1 202-555-0146") };
    amend(&house, ada.id, None, gone).await.unwrap();
    assert_eq!(waiting(&house).await, [], "nobody who left is told anything");
}

#[tokio::test]
async fn whoever_is_removed_leaves_nothing_to_the_next_of_that_name() {
    let house = House::new();
    let ada = deliver(&house, RawRecord { external_id: Some("00u1".to_owned()), ..raw(ADA) }).await.unwrap();
    house.prove(&ada, Method::Email).await;
    house.device(&ada, "token").await;
    house.users.change_role(ada.id, Role::Admin, &house.origin).await.unwrap();
    let mark = house.mark();
    house.directory.remove_user(ada.id, None, CLIENT, &okta()).await.unwrap();
    assert_eq!(house.actions_since(mark), ["scim.user.deactivated", "scim.user.removed"]);
    assert_eq!(house.store.user(ada.id).await.unwrap(), None);
    assert!(matches!(amend(&house, ada.id, None, raw(ADA)).await, Err(ChangeError::NotFound)));
    assert!(matches!(house.directory.remove_user(ada.id, None, CLIENT, &okta()).await, Err(ChangeError::NotFound)));

    let next = deliver(&house, RawRecord { external_id: Some("00u1".to_owned()), ..raw(ADA) }).await.unwrap();
    assert_ne!(next.id, ada.id);
    let profile = house.profile(next.id).await;
    assert_eq!((profile.user.role, profile.proofs.len(), profile.devices.len()), (Role::User, 0, 0));
    assert!(!house.profile(ada.id).await.user.active);
}
