//! What a store must keep while its schema goes down and up, on either engine.

use muster_domain::access::{AdmitOutcome, IdentityKey, IdentityStore};
use muster_domain::audit::chain::{AuditChain, ChainMark, SealHash, Sealing};
use muster_domain::audit::{AuditEvent, AuditQuery, AuditReader, RevokeReason};
use muster_domain::device::{DeviceRemoval, DeviceStore};
use muster_domain::directory::{DirectoryStore, PersonKey};
use muster_domain::session::{IssueOutcome, Opening, Session, SessionStore, StoredToken};
use muster_domain::user::User;
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

pub(crate) async fn health(store: &Store) -> String {
    match store.check().await {
        Err(StoreError::Inconsistent { what }) => what,
        other => panic!("{other:?}"),
    }
}
