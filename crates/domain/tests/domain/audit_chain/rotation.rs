//! A rotation of the pepper as the chain sees it.

use std::sync::Arc;

use muster_domain::audit::AuditChainService;
use muster_domain::audit::chain::{AuditSealer, ChainError, ChainFault};
use muster_testkit::FakeAuditSealer;
use time::Duration;

use crate::house::House;

fn chain(house: &House, sealer: FakeAuditSealer) -> AuditChainService {
    AuditChainService {
        chain: Arc::new(house.store.clone()),
        sealer: Arc::new(sealer),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    }
}

async fn write_and_seal(house: &House, chain: &AuditChainService) {
    house.clock.advance(Duration::MINUTE);
    house.store.insert_record(house.make.event("test.done", None));
    assert!(chain.seal_next().await.unwrap().records > 0);
}

async fn faults(chain: &AuditChainService, older: &[u64]) -> Vec<ChainFault> {
    let older: Vec<_> =
        older.iter().map(|key| Arc::new(FakeAuditSealer::of_key(*key)) as Arc<dyn AuditSealer>).collect();
    chain.verify(&older, None, &mut |_, _| {}).await.unwrap().faults
}

#[tokio::test]
async fn the_audit_chain_stays_whole_through_a_rotation_and_goes_on_without_the_old_key() {
    let house = House::new();
    let before = chain(&house, FakeAuditSealer::of_key(7));
    let first = chain(&house, FakeAuditSealer::rotating(7, Some(8), None));
    let second = chain(&house, FakeAuditSealer::rotating(8, None, Some(7)));
    let after = chain(&house, FakeAuditSealer::of_key(8));
    write_and_seal(&house, &before).await;
    write_and_seal(&house, &before).await;
    // The start of the chain is set too.
    let cutoff = house.now() - Duration::seconds(30);
    assert_eq!(before.forget_before(cutoff, &house.origin).await.unwrap(), 1);
    // Servers of two neighbouring steps seal in turn.
    for sealing in [&first, &before, &second, &first, &second, &first] {
        write_and_seal(&house, sealing).await;
        assert_eq!(faults(&first, &[]).await, []);
        assert_eq!(faults(&second, &[]).await, []);
    }
    // One that sealed last in the first step leaves an end that the last step would not know.
    assert!(matches!(after.seal_next().await, Ok(sealed) if sealed.records == 0));
    house.store.insert_record(house.make.event("test.done", None));
    assert!(matches!(after.seal_next().await, Err(ChainError::ForeignMark)));
    assert!(first.renew_ends(&house.origin).await.unwrap(), "what the first step has is not taken back");
    assert!(matches!(after.seal_next().await, Err(ChainError::ForeignMark)));
    assert!(second.renew_ends(&house.origin).await.unwrap());
    assert!(second.renew_ends(&house.origin).await.unwrap(), "again changes nothing");
    write_and_seal(&house, &after).await;
    assert_eq!(after.forget_before(cutoff, &house.origin).await.unwrap(), 0, "the start is recognized too");
    assert_eq!(faults(&after, &[7]).await, []);
    let missing = faults(&after, &[]).await;
    let old = FakeAuditSealer::key_id(7);
    assert!(!missing.is_empty());
    assert!(
        missing.iter().all(|fault| matches!(fault, ChainFault::UnknownKey { key, .. } if *key == old)),
        "{missing:?}"
    );
}

#[tokio::test]
async fn a_record_that_is_changed_and_names_another_key_is_a_fault_all_the_same() {
    let house = House::new();
    let sealing = chain(&house, FakeAuditSealer::of_key(7));
    write_and_seal(&house, &sealing).await;
    write_and_seal(&house, &sealing).await;
    let unknown = FakeAuditSealer::key_id(9);
    house.store.tamper(|chain| {
        let record = chain.records.get_mut(&1).unwrap();
        record.key = Some(unknown);
    });
    assert_eq!(faults(&sealing, &[]).await, [], "the id alone decides nothing");
    house.store.tamper(|chain| {
        let record = chain.records.get_mut(&1).unwrap();
        record.event.as_mut().unwrap().action = "test.undone".to_owned();
    });
    let [fault] = faults(&sealing, &[]).await.try_into().unwrap();
    assert!(matches!(fault, ChainFault::UnknownKey { position: 1, key, .. } if key == unknown), "{fault:?}");
}
