//! What a store must keep while its schema goes down and up, on either engine.

use muster_domain::audit::chain::{AuditChain, ChainMark, SealHash, Sealing};
use muster_domain::audit::{AuditEvent, AuditQuery, AuditReader, RevokeReason};
use muster_domain::device::DeviceStore;
use muster_domain::directory::DirectoryStore;
use muster_domain::session::{IssueOutcome, Session, SessionStore, StoredToken};
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
    store.register(&device, 1, &make.registration_events(&device)).await.unwrap();
    let (session, token) = (Session { device_id: Some(device.id), ..make.session(ada.id) }, make.token());
    let ended = make.session(ada.id);
    for (session, token) in [(&session, &token), (&ended, &make.token())] {
        assert_eq!(store.issue(session, token, &event("test.issued")).await.unwrap(), IssueOutcome::Issued);
    }
    let ending = [event("test.revoked")];
    assert!(store.revoke(ada.id, ended.id, RevokeReason::RevokedByOperator, make.now(), &ending).await.unwrap());
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
    assert!(store.remove(owner, device, kept.make.now(), &event).await.unwrap());
    let sessions = SessionStore::list(store, owner, kept.make.now()).await.unwrap();
    assert_eq!(sessions, [Session { device_id: None, ..kept.session.clone() }]);
}

pub(crate) async fn health(store: &Store) -> String {
    match store.check().await {
        Err(StoreError::Inconsistent { what }) => what,
        other => panic!("{other:?}"),
    }
}
