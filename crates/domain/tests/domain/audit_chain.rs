//! Sealing audit records and forgetting old ones. What verification finds is in `faults`, what goes on beside it in
//! `meanwhile`, random lives of a chain in `model`.

mod adopted;
mod faults;
mod meanwhile;
mod model;
mod noted;
mod rotation;

use std::sync::Arc;

use muster_domain::StoreError;
use muster_domain::audit::chain::{AuditChain, AuditSealer, ChainError, ChainReport, NotedHead, Sealed};
use muster_domain::audit::{AuditChainService, AuditEvent, Origin};
use muster_testkit::{Builders, FakeAuditSealer, MemoryStore};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// A chain under the key of that number, and its keeper.
pub(super) struct Trail {
    pub(super) store: MemoryStore,
    pub(super) make: Builders,
    pub(super) service: AuditChainService,
}

impl Trail {
    pub(super) fn new() -> Self {
        let (store, make) = (MemoryStore::new(), Builders::default());
        let service = service(&make, Arc::new(store.clone()), 1);
        Self { store, make, service }
    }

    /// A trail of so many sealed records.
    pub(super) async fn of(records: u64) -> Self {
        let trail = Self::new();
        trail.write(records);
        trail.seal().await;
        trail
    }

    /// The same chain in the hands of somebody else.
    pub(super) fn over(&self, chain: Arc<dyn AuditChain>, key: u64) -> AuditChainService {
        service(&self.make, chain, key)
    }

    pub(super) fn keyed(&self, key: u64) -> AuditChainService {
        self.over(Arc::new(self.store.clone()), key)
    }

    /// Writes so many records, one a second.
    pub(super) fn write(&self, records: u64) {
        for number in 0..records {
            self.make.clock.advance(Duration::SECOND);
            let details = json!({ "number": number, "nested": { "z": 1, "a": [null, "x"] } });
            self.store.insert_record(AuditEvent { details, ..self.make.event("test.done", None) });
        }
    }

    pub(super) fn write_at(&self, at: OffsetDateTime) -> AuditEvent {
        let event = AuditEvent { at, ..self.make.event("test.done", None) };
        self.store.insert_record(event.clone());
        event
    }

    pub(super) async fn seal(&self) {
        seal_all(&self.service).await;
    }

    pub(super) async fn verify(&self) -> ChainReport {
        verify(&self.service, &[], None).await
    }

    pub(super) async fn head(&self) -> NotedHead {
        self.verify().await.head.unwrap()
    }

    /// Removes what is older than the `kept` youngest seconds.
    pub(super) async fn forget(&self, kept: i64) -> u64 {
        let before = self.make.now() - Duration::seconds(kept);
        self.service.forget_before(before, &operator()).await.unwrap()
    }

    pub(super) async fn assert_whole(&self) -> ChainReport {
        let report = self.verify().await;
        assert_eq!((report.faults.as_slice(), report.further_faults), ([].as_slice(), 0));
        report
    }

    fn actions(&self) -> Vec<String> {
        self.store.audit_trail().into_iter().map(|event| event.action).filter(|name| name != "test.done").collect()
    }
}

fn service(make: &Builders, chain: Arc<dyn AuditChain>, key: u64) -> AuditChainService {
    AuditChainService {
        chain,
        sealer: Arc::new(FakeAuditSealer::of_key(key)),
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    }
}

fn operator() -> Origin {
    Origin::system("retention")
}

pub(super) async fn seal_all(service: &AuditChainService) {
    while service.seal_next().await.unwrap().more {}
}

pub(super) async fn verify(service: &AuditChainService, older: &[u64], noted: Option<NotedHead>) -> ChainReport {
    let older: Vec<Arc<dyn AuditSealer>> =
        older.iter().map(|key| Arc::new(FakeAuditSealer::of_key(*key)) as _).collect();
    service.verify(&older, noted, &mut |_, _| {}).await.unwrap()
}

#[tokio::test]
async fn with_nothing_to_seal_nothing_is_done() {
    let trail = Trail::new();
    let nothing = Sealed { records: 0, more: false, lag: Duration::ZERO };
    assert_eq!(trail.service.seal_next().await.unwrap(), nothing);
    let report = trail.assert_whole().await;
    assert_eq!((report.first, report.head, report.checked), (1, None, 0));

    trail.write(3);
    trail.seal().await;
    assert_eq!(trail.service.seal_next().await.unwrap(), nothing);
    assert_eq!(trail.assert_whole().await.checked, 3);
}

#[tokio::test]
async fn what_waits_is_sealed_batch_by_batch_the_oldest_first() {
    let trail = Trail::new();
    trail.write(1_100);
    let mut batches = Vec::new();
    for _ in 0..3 {
        let Sealed { records, more, lag } = trail.service.seal_next().await.unwrap();
        batches.push((records, more, lag.whole_seconds()));
    }
    assert_eq!(batches, [(500, true, 1_099), (500, true, 599), (100, false, 99)]);
    let sealed = trail.store.sealed(0, 2_000).await.unwrap();
    assert!(sealed.iter().map(|record| record.event.as_ref().unwrap().at).is_sorted());
    let report = trail.assert_whole().await;
    assert_eq!((report.checked, report.head.unwrap().position), (1_100, 1_100));
}

#[tokio::test]
async fn a_clock_that_is_behind_gives_no_negative_lag() {
    let trail = Trail::new();
    trail.write_at(trail.make.now() + Duration::SECOND);
    assert_eq!(trail.service.seal_next().await.unwrap().lag, Duration::ZERO);
}

#[tokio::test]
async fn a_record_of_before_the_last_seal_is_sealed_after_it() {
    let trail = Trail::of(5).await;
    let late = trail.write_at(trail.make.now() - Duration::minutes(3));
    trail.seal().await;
    let last = trail.store.sealed(5, 9).await.unwrap();
    assert_eq!(last.iter().map(|record| (record.position, record.id)).collect::<Vec<_>>(), [(6, late.id)]);
    trail.assert_whole().await;
}

#[tokio::test]
async fn no_two_records_have_one_seal() {
    let trail = Trail::new();
    let event = trail.make.event("test.done", None);
    for _ in 0..20 {
        trail.store.insert_record(AuditEvent { id: trail.make.event("", None).id, ..event.clone() });
    }
    trail.seal().await;
    let mut seals: Vec<_> = trail.store.sealed(0, 99).await.unwrap().into_iter().map(|record| record.hash.0).collect();
    seals.sort_unstable();
    seals.dedup();
    assert_eq!(seals.len(), 20);
}

#[tokio::test]
async fn old_records_are_forgotten_with_a_record_and_the_rest_stays_proven() {
    let trail = Trail::of(10).await;
    assert_eq!(trail.forget(6).await, 3, "those of more than six seconds ago");
    let left = trail.assert_whole().await;
    assert_eq!((left.first, left.checked, left.head.unwrap().position), (4, 7, 10));
    let record = trail.store.audit_trail().pop().unwrap();
    assert_eq!((record.action.as_str(), record.subject, &record.origin), ("audit.forgotten", None, &operator()));
    assert_eq!(record.details, json!({ "throughPosition": 3, "records": 3 }));

    trail.write(2);
    trail.seal().await;
    assert_eq!(trail.forget(4).await, 4, "those of before again");
    let left = trail.assert_whole().await;
    assert_eq!((left.first, left.checked, left.head.unwrap().position), (8, 6, 13));
}

#[tokio::test]
async fn with_nothing_old_nothing_is_forgotten_and_nothing_recorded() {
    let trail = Trail::of(4).await;
    assert_eq!(trail.forget(3).await, 0, "one of that very time went");
    assert_eq!(Trail::new().forget(0).await, 0);
    assert_eq!(trail.actions(), [""; 0]);
}

#[tokio::test]
async fn no_record_is_forgotten_that_stands_after_a_younger_one() {
    let trail = Trail::new();
    let now = trail.make.now();
    for age in [9, 8, 1, 7] {
        trail.write_at(now - Duration::days(age));
        trail.seal().await;
    }
    let forgotten = trail.service.forget_before(now - Duration::days(5), &operator()).await.unwrap();
    assert_eq!(forgotten, 2);
    assert_eq!(trail.assert_whole().await.first, 3);
}

#[tokio::test]
async fn what_is_not_sealed_is_not_forgotten() {
    let trail = Trail::of(2).await;
    trail.write(2);
    assert_eq!(trail.forget(-1).await, 2);
    trail.seal().await;
    let report = trail.assert_whole().await;
    assert_eq!((report.first, report.checked), (3, 3), "two that waited and the record that two went");
}

#[tokio::test]
async fn nothing_is_forgotten_past_a_record_that_cannot_be_read() {
    let trail = Trail::of(6).await;
    trail.store.tamper(|chain| chain.records.get_mut(&4).unwrap().event = None);
    assert_eq!(trail.forget(0).await, 3);
    assert_eq!(trail.forget(0).await, 0);
}

#[tokio::test]
async fn much_is_forgotten_batch_by_batch() {
    for (records, batches) in [(1_000, 2), (1_150, 3)] {
        let trail = Trail::of(records).await;
        trail.write(2);
        trail.seal().await;
        assert_eq!(trail.forget(1).await, records);
        assert_eq!(trail.actions().len(), batches);
        let report = trail.assert_whole().await;
        assert_eq!((report.first, report.checked), (records + 1, 2));
    }
}

#[tokio::test]
async fn a_chain_of_which_all_was_forgotten_goes_on() {
    let trail = Trail::of(5).await;
    let head = trail.head().await;
    assert_eq!(trail.forget(-1).await, 5);
    let report = trail.assert_whole().await;
    assert_eq!((report.first, report.checked, report.head), (6, 0, Some(head)));
    trail.seal().await;
    let report = trail.assert_whole().await;
    assert_eq!((report.first, report.checked, report.head.unwrap().position), (6, 1, 6));
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let trail = Trail::of(3).await;
    trail.store.set_unavailable(true);
    assert!(matches!(trail.service.seal_next().await, Err(ChainError::Store(StoreError::Unavailable(_)))));
    assert!(matches!(
        trail.service.forget_before(trail.make.now(), &operator()).await,
        Err(ChainError::Store(StoreError::Unavailable(_)))
    ));
    assert!(matches!(trail.service.verify(&[], None, &mut |_, _| {}).await, Err(StoreError::Unavailable(_))));
}
