//! What other servers do between two of a service's own steps.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::AuditChainService;
use muster_domain::audit::chain::{
    AuditChain, ChainFault, ChainMarks, Forgetting, Sealed, SealedRecord, Sealing, Unsealed,
};
use muster_testkit::MemoryStore;
use time::Duration;

use super::{Trail, operator, seal_all, verify};

type Doing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A step of a service.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Seal,
    Read,
    Forget,
}

/// A store in memory to which something happens right before the `nth` of those steps.
struct Meanwhile<A> {
    store: MemoryStore,
    step: Step,
    nth: usize,
    seen: AtomicUsize,
    act: A,
}

impl<A: Fn() -> Doing + Send + Sync> Meanwhile<A> {
    async fn before(&self, step: Step) {
        if step == self.step && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            (self.act)().await;
        }
    }
}

#[async_trait]
impl<A: Fn() -> Doing + Send + Sync> AuditChain for Meanwhile<A> {
    async fn marks(&self) -> Result<ChainMarks, StoreError> {
        self.store.marks().await
    }

    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        self.store.unsealed(limit).await
    }

    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        self.before(Step::Seal).await;
        self.store.seal(sealing).await
    }

    async fn sealed(&self, position: u64, limit: u16) -> Result<Vec<SealedRecord>, StoreError> {
        self.before(Step::Read).await;
        self.store.sealed(position, limit).await
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        self.before(Step::Forget).await;
        self.store.forget(forgetting).await
    }
}

/// The service of a trail, before whose `nth` step of that kind another server does `act`.
fn interrupted<F>(
    trail: &Arc<Trail>,
    step: Step,
    nth: usize,
    act: impl Fn(Arc<Trail>) -> F + Send + Sync + 'static,
) -> AuditChainService
where
    F: Future<Output = ()> + Send + 'static,
{
    let other = Arc::clone(trail);
    let act = move || -> Doing { Box::pin(act(Arc::clone(&other))) };
    let chain = Meanwhile { store: trail.store.clone(), step, nth, seen: AtomicUsize::new(0), act };
    trail.over(Arc::new(chain), 1)
}

#[tokio::test]
async fn who_is_slower_than_another_server_seals_nothing_and_leaves_the_rest_to_it() {
    let trail = Arc::new(Trail::of(5).await);
    trail.write(7);
    let slow = interrupted(&trail, Step::Seal, 1, |trail| async move { trail.seal().await });
    let Sealed { records, more, lag } = slow.seal_next().await.unwrap();
    assert_eq!((records, more, lag.whole_seconds()), (0, false, 6));
    assert_eq!(trail.assert_whole().await.checked, 12);
    trail.write(2);
    assert_eq!(slow.seal_next().await.unwrap().records, 2);
    assert_eq!(trail.assert_whole().await.checked, 14);
}

#[tokio::test]
async fn who_is_slower_than_another_server_forgets_nothing() {
    let trail = Arc::new(Trail::of(9).await);
    let slow = interrupted(&trail, Step::Forget, 1, |trail| async move { assert_eq!(trail.forget(0).await, 8) });
    let before = trail.make.now() - Duration::seconds(4);
    assert_eq!(slow.forget_before(before, &operator()).await.unwrap(), 0);
    assert_eq!(trail.actions(), ["audit.forgotten"]);
    assert_eq!(trail.assert_whole().await.first, 9);
}

#[tokio::test]
async fn records_that_are_forgotten_while_seals_are_made_are_no_hindrance() {
    let trail = Arc::new(Trail::of(9).await);
    trail.write(3);
    let sealing = interrupted(&trail, Step::Seal, 1, |trail| async move { assert_eq!(trail.forget(0).await, 9) });
    assert_eq!(sealing.seal_next().await.unwrap().records, 3);
    trail.seal().await;
    let report = trail.assert_whole().await;
    assert_eq!((report.first, report.checked), (10, 4));
}

#[tokio::test]
async fn what_retention_removes_while_it_is_verified_is_not_missing() {
    for (nth, kept, first) in [(1, 400, 800), (2, 400, 800), (2, 1_100, 100), (3, 10, 1_190)] {
        let trail = Arc::new(Trail::of(1_200).await);
        let verifying = interrupted(&trail, Step::Read, nth, move |trail| async move {
            trail.forget(kept).await;
        });
        let report = verify(&verifying, &[], None).await;
        assert_eq!(report.faults, [], "before page {nth}");
        assert!([1, first].contains(&report.first), "{}", report.first);
    }
}

#[tokio::test]
async fn what_is_changed_is_found_while_retention_removes() {
    let trail = Arc::new(Trail::of(1_200).await);
    trail.store.tamper(|chain| drop(chain.records.remove(&1_000)));
    let verifying = interrupted(&trail, Step::Read, 2, |trail| async move {
        trail.forget(400).await;
    });
    let report = verify(&verifying, &[], None).await;
    assert_eq!(report.faults, [ChainFault::Missing { first: 1_000, last: 1_000 }]);
    assert_eq!(report.first, 800, "not the second look is told");
}

#[tokio::test]
async fn what_is_sealed_while_it_is_verified_is_no_fault() {
    for sealed_before in [0, 5, 500, 600] {
        for nth in 1..=2 {
            let trail = Arc::new(Trail::of(sealed_before).await);
            let verifying = interrupted(&trail, Step::Read, nth, |trail| async move {
                trail.write(700);
                trail.seal().await;
            });
            assert_eq!(verify(&verifying, &[], None).await.faults, [], "{sealed_before} before page {nth}");
            trail.assert_whole().await;
        }
    }
}

/// However many follow that do not close the gap, the verification ends.
#[tokio::test]
async fn an_end_that_is_missing_is_told_while_others_are_sealed() {
    let trail = Arc::new(Trail::of(10).await);
    trail.store.tamper(|chain| drop(chain.records.split_off(&8)));
    let verifying = interrupted(&trail, Step::Read, 1, |trail| async move {
        trail.write(1_000);
        seal_all(&trail.service).await;
    });
    let mut pages = 0;
    let mut progress = |_, _| {
        pages += 1;
        assert!(pages < 100, "the verification does not end");
    };
    let report = verifying.verify(&[], None, &mut progress).await.unwrap();
    assert_eq!(report.faults, [ChainFault::Missing { first: 8, last: 10 }]);
}
