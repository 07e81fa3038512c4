//! A chain whose ends another key set.

use muster_domain::audit::chain::{AuditChain, ChainError, ChainFault, ChainMark};
use time::Duration;

use super::{Trail, operator, verify};

#[tokio::test]
async fn nothing_is_chained_to_an_end_that_another_key_set() {
    let trail = Trail::of(3).await;
    trail.write(1);
    let next = trail.keyed(2);
    assert!(matches!(next.seal_next().await, Err(ChainError::ForeignMark)));
    assert_eq!(trail.store.unsealed(9).await.unwrap().records.len(), 1);
}

#[tokio::test]
async fn a_chain_that_was_cut_off_is_not_made_whole_by_the_next_seal() {
    let trail = Trail::of(5).await;
    trail.store.tamper(|chain| {
        let last = chain.records.split_off(&4).into_values().next().unwrap();
        let before = chain.records[&3].hash;
        let mac = chain.marks.head.unwrap().mac;
        assert_eq!(last.position, 4);
        chain.marks.head = Some(ChainMark { position: 3, hash: before, mac });
    });
    trail.write(1);
    assert!(matches!(trail.service.seal_next().await, Err(ChainError::ForeignMark)));
    let report = verify(&trail.service, &[], None).await;
    assert!(report.faults.contains(&ChainFault::Head), "{report:?}");
    assert!(!trail.service.adopt(&report, &operator()).await.unwrap());
}

#[tokio::test]
async fn nothing_is_removed_after_a_start_that_another_key_set() {
    let trail = Trail::of(5).await;
    let cutoff = trail.make.now() - Duration::seconds(2);
    assert!(trail.service.forget_before(cutoff, &operator()).await.unwrap() > 0);
    let result = trail.keyed(2).forget_before(trail.make.now(), &operator()).await;
    assert!(matches!(result, Err(ChainError::ForeignMark)), "{result:?}");
}

#[tokio::test]
async fn a_whole_chain_that_is_adopted_goes_on_under_the_new_key() {
    let trail = Trail::of(6).await;
    let cutoff = trail.make.now() - Duration::seconds(3);
    trail.service.forget_before(cutoff, &operator()).await.unwrap();
    trail.service.seal_next().await.unwrap();
    let next = trail.keyed(2);
    let unproven = verify(&next, &[], None).await;
    assert!(!next.adopt(&unproven, &operator()).await.unwrap(), "without the old key it is not whole");
    let whole = verify(&next, &[1], None).await;
    assert!(next.adopt(&whole, &operator()).await.unwrap());
    trail.write(2);
    assert_eq!(next.seal_next().await.unwrap().records, 3, "two, and that the start was set anew");
    next.forget_before(trail.make.now() - Duration::seconds(4), &operator()).await.unwrap();
    assert_eq!(verify(&next, &[1], None).await.faults, []);
}

#[tokio::test]
async fn a_chain_that_moved_on_since_it_was_verified_is_not_adopted() {
    let trail = Trail::of(3).await;
    let next = trail.keyed(2);
    let whole = verify(&next, &[1], None).await;
    trail.write(1);
    trail.service.seal_next().await.unwrap();
    assert!(!next.adopt(&whole, &operator()).await.unwrap());
}
