//! What a head shows that was noted where the store's owner cannot write.

use std::sync::Arc;

use muster_domain::audit::chain::{AuditChain, ChainFault, NotedHead, SealHash};
use muster_testkit::MemoryStore;

use super::{Trail, seal_all, verify};

async fn faults(trail: &Trail, noted: NotedHead) -> Vec<ChainFault> {
    verify(&trail.service, &[], Some(noted)).await.faults
}

#[tokio::test]
async fn a_chain_holds_every_head_that_it_had() {
    let trail = Trail::new();
    let mut noted = Vec::new();
    for _ in 0..4 {
        trail.write(3);
        trail.seal().await;
        noted.push(trail.head().await);
    }
    for head in &noted {
        assert_eq!(faults(&trail, *head).await, []);
    }
    let wrong = NotedHead { hash: SealHash([7; 32]), ..noted[1] };
    assert_eq!(faults(&trail, wrong).await, [ChainFault::NotNoted { position: 6 }]);
    let future = NotedHead { position: 13, ..noted[3] };
    assert_eq!(faults(&trail, future).await, [ChainFault::NotNoted { position: 13 }]);
}

#[tokio::test]
async fn an_end_that_was_cut_off_with_an_older_head_in_its_place_is_found() {
    let trail = Trail::of(6).await;
    let older = trail.store.marks().await.unwrap().head;
    trail.write(4);
    trail.seal().await;
    let noted = trail.head().await;
    trail.store.tamper(|chain| {
        chain.records.split_off(&7);
        chain.marks.head = older;
    });
    trail.assert_whole().await;
    assert_eq!(faults(&trail, noted).await, [ChainFault::NotNoted { position: 10 }]);
}

#[tokio::test]
async fn a_chain_that_was_made_anew_with_the_key_is_found() {
    let trail = Trail::of(10).await;
    let noted = trail.head().await;
    let forged = MemoryStore::new();
    for (number, mut event) in trail.store.audit_trail().into_iter().enumerate() {
        if number == 3 {
            event.action = "test.forged".to_owned();
        }
        forged.insert_record(event);
    }
    let service = trail.over(Arc::new(forged), 1);
    seal_all(&service).await;
    assert_eq!(verify(&service, &[], None).await.faults, []);
    assert_eq!(verify(&service, &[], Some(noted)).await.faults, [ChainFault::NotNoted { position: 10 }]);
}

#[tokio::test]
async fn a_noted_head_proves_the_chain_up_to_the_last_record_that_was_forgotten() {
    let trail = Trail::of(3).await;
    let early = trail.head().await;
    trail.write(2);
    trail.seal().await;
    let at_start = trail.head().await;
    trail.write(5);
    trail.seal().await;
    assert_eq!(trail.forget(4).await, 5);
    assert_eq!(faults(&trail, at_start).await, []);
    assert_eq!(faults(&trail, early).await, [ChainFault::NotNoted { position: 3 }], "it went with the records");
    assert_eq!(faults(&trail, trail.head().await).await, []);
}

#[tokio::test]
async fn the_head_is_told_as_it_is_noted() {
    let trail = Trail::of(4).await;
    let head = trail.head().await;
    let last = trail.store.sealed(3, 1).await.unwrap().remove(0);
    assert_eq!((head.position, head.hash), (4, last.hash));
    assert_eq!(SealHash::from_hex(&head.hash.to_string()), Some(head.hash));
    for wrong in ["", "0", &"g".repeat(64), &"é".repeat(32), &head.hash.to_string()[1..]] {
        assert_eq!(SealHash::from_hex(wrong), None, "{wrong:?}");
    }
    assert_eq!(SealHash::from_hex(&"AF".repeat(32)), Some(SealHash([0xaf; 32])));
}
