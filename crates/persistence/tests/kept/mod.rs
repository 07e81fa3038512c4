//! What a store must keep while its schema goes down and up, on either engine.

use muster_domain::access::{AdmitOutcome, IdentityKey, IdentityStore};
use muster_domain::audit::chain::{AuditChain, ChainMark, SealHash, Sealing};
use muster_domain::audit::{AuditEvent, AuditQuery, AuditReader, RevokeReason};
use muster_domain::device::{Device, DeviceRemoval, DeviceStore, Platform};
use muster_domain::directory::{DirectoryStore, PersonKey};
use muster_domain::session::{IssueOutcome, Opening, Session, SessionStore, StoredToken};
use muster_domain::user::User;
use muster_domain::verification::{Closure, Method, OpenOutcome, VerificationStore};
use muster_domain::{KeyId, StoreError, StoreHealth};
use muster_persistence::Store;
use muster_testkit::Builders;

/// A session on a device that goes on, and its token.
pub(crate) struct Kept {
    make: Builders,
    session: Session,
    token: StoredToken,
}

/// That session, another that an operator ended, and sealed records.
pub(crate) async fn sessions_and_records(store: &Store) -> Kept {
    let make = Builders::default();
    let ada = make.user("ada").build();
    let event = |action| make.event(action, Some(ada.id));
    store.insert_user(&ada, &event("test.user.created")).await.unwrap();
    let device = make.device(ada.id);
    store.register(&device, 1, None, &make.registration_events(&device)).await.unwrap();
    let (session, token) = (Session { device_id: Some(device.id), ..make.session(ada.id) }, make.token());
    let ended = make.session(ada.id);
    for (session, token) in [(&session, &token), (&ended, &make.token())] {
        let opening = Opening { token: *token, ..make.opening(session.clone()) };
        assert_eq!(store.issue(&opening, &event("test.issued")).await.unwrap(), IssueOutcome::Issued);
    }
    let ending = make.ending(RevokeReason::RevokedByOperator, Some(ada.id));
    assert!(store.revoke(ada.id, ended.id, &ending, &[]).await.unwrap());
    let records = store.unsealed(100).await.unwrap().records;
    let seals: Vec<_> = records.iter().map(|record| (record.id, SealHash([1; 32]))).collect();
    let head = ChainMark { position: seals.len() as u64, hash: SealHash([1; 32]), mac: SealHash([2; 32]) };
    assert!(store.seal(&Sealing { after: None, seals, key: KeyId([1; 4]), head }).await.unwrap());
    Kept { make, session, token }
}

pub(crate) async fn records(store: &Store) -> Vec<AuditEvent> {
    AuditReader::list(store, &AuditQuery::default()).await.unwrap()
}

/// After going down and up: sessions, tokens and records are as before, but for the seals and the ids of peppers; keys still
/// hold.
pub(crate) async fn assert_whole(store: &Store, kept: &Kept, before: &[AuditEvent]) {
    let candidate = store.load_for_refresh(&kept.token.hash).await.unwrap().unwrap();
    let token = StoredToken { successor_key: None, ..kept.token };
    assert_eq!((&candidate.session, &candidate.token), (&kept.session, &token));
    assert_eq!(records(store).await, before);
    let unsealed = store.unsealed(100).await.unwrap();
    assert_eq!((unsealed.head, unsealed.records.len()), (None, before.len()));
    let (owner, device) = (kept.session.user_id, kept.session.device_id.unwrap());
    let event = kept.make.event("test.removed", Some(owner));
    let removal = DeviceRemoval { ending: None, ..kept.make.device_removal(owner, device) };
    assert!(store.remove(&removal, &event).await.unwrap());
    let sessions = SessionStore::list(store, owner, kept.make.now()).await.unwrap();
    assert_eq!(sessions, [Session { device_id: None, ..kept.session.clone() }]);
}

/// The names of two people, one added by a sign-in and one by the directory.
const NAMES: [&str; 2] = ["signed-in", "delivered"];

pub(crate) async fn who_signed_in_and_who_was_delivered(store: &Store) {
    let make = Builders::default();
    let [eve, grace] = NAMES.map(|name| make.user(name).email(None).build());
    let (issuer, subject) = ("https://login.example".to_owned(), "sub-1".to_owned());
    let key = IdentityKey { issuer, subject, logins: vec![eve.user_name.clone()], email: None };
    let event = make.event("signin.user.created", Some(eve.id));
    let eve = User { signed_in_first: true, ..eve };
    assert_eq!(store.admit(&eve, &key, &[event]).await.unwrap(), AdmitOutcome::Admitted);
    store.insert_user(&grace, &make.event("scim.user.created", Some(grace.id))).await.unwrap();
}

/// Of those people, who awaits the directory.
pub(crate) async fn who_awaits_the_directory(store: &Store) -> Vec<bool> {
    let mut awaiting = Vec::new();
    for name in NAMES {
        let key = PersonKey { external_id: None, user_name: name.to_owned(), email: None };
        awaiting.push(store.find_people(&key).await.unwrap().by_user_name.unwrap().awaits_directory());
    }
    awaiting
}

/// Devices of two people: an Android phone and an iPhone of Ada's, then two Android phones of Eve's. On each one's first
/// Android phone that was seen last a code is open.
pub(crate) struct Phones {
    ada: User,
    eve: User,
    iphone: Device,
    proven: Device,
}

/// Makes the third device proven and gives all the same token, as a change of the pepper without an overlap could.
pub(crate) const SAME_TOKEN: &str = "UPDATE devices SET verified_at = last_seen_at WHERE last_seen_at =
        (SELECT max(last_seen_at) FROM devices WHERE last_seen_at < (SELECT max(last_seen_at) FROM devices));
    UPDATE devices SET token = 'same'";

pub(crate) async fn phones(store: &Store) -> Phones {
    let make = Builders::default();
    let [ada, eve] = ["ada", "eve"].map(|name| make.user(name).build());
    for user in [&ada, &eve] {
        store.insert_user(user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    }
    let seen = |user: &User, seconds| Device {
        last_seen_at: make.now() + time::Duration::seconds(seconds),
        ..make.device(user.id)
    };
    let (old, proven, last) = (seen(&ada, 0), seen(&eve, 2), seen(&eve, 3));
    let iphone = Device { platform: Platform::Ios, ..seen(&ada, 1) };
    for device in [&old, &iphone, &proven, &last] {
        store.register(device, 9, None, &make.registration_events(device)).await.unwrap();
    }
    for device in [&old, &last] {
        let event = make.event("test.opened", Some(device.user_id));
        let opened = store.open_challenge(&make.push_challenge(device), &[], &event).await.unwrap();
        assert_eq!(opened, OpenOutcome::Opened);
    }
    Phones { ada, eve, iphone, proven }
}

/// Of the Android phones the proven one of hers who was seen last is left, and the iPhone; each of the others has its record, and
/// no code for it works.
pub(crate) async fn assert_one_of_each_token(store: &Store, phones: &Phones) {
    let Phones { ada, eve, iphone, proven } = phones;
    for (user, left) in [(ada, iphone), (eve, proven)] {
        let devices = DeviceStore::list(store, user.id).await.unwrap();
        assert_eq!(devices.iter().map(|device| device.id).collect::<Vec<_>>(), [left.id], "{}", user.user_name);
        let challenge = store.find_challenge(user.id, Method::Push).await.unwrap().unwrap();
        assert!(matches!(challenge.closure, Some(Closure::Cancelled { .. })), "{:?}", challenge.closure);
    }
    let proven_now = DeviceStore::list(store, eve.id).await.unwrap().remove(0).verified_at;
    assert_eq!(proven_now, Some(proven.last_seen_at), "a proof went");
    let mut released: Vec<_> = records(store).await;
    released.retain(|record| record.action == "device.released");
    let mut subjects: Vec<_> = released.iter().map(|record| record.subject.unwrap()).collect();
    subjects.sort_unstable();
    let mut expected = [ada.id, eve.id];
    expected.sort_unstable();
    assert_eq!(subjects, expected);
    for record in released {
        assert_eq!(record.details, serde_json::json!({ "platform": "android" }));
    }
}

pub(crate) async fn health(store: &Store) -> String {
    match store.check().await {
        Err(StoreError::Inconsistent { what }) => what,
        other => panic!("{other:?}"),
    }
}
