//! Sealing and forgetting records and removing what has served its time, held to the same as the rest of
//! [`crate::hot_queries`].

use muster_domain::KeyId;
use muster_domain::audit::chain::{AuditChain, ChainMark, Forgetting, SealHash, Sealing, Unsealed};
use muster_domain::housekeeping::{Bookmark, Housekeeping, Stale};
use muster_testkit::Builders;
use time::Duration;

use crate::hot_queries::hold;
use crate::plans::Filled;

const BATCH: u16 = 500;

pub(crate) async fn all(filled: &Filled) {
    chain(filled).await;
    purges(filled).await;
}

async fn chain(filled: &Filled) {
    let store = &filled.store;
    let mark = |position| ChainMark { position, hash: SealHash([1; 32]), mac: SealHash([2; 32]) };
    let seal = async || {
        let Unsealed { head: after, records } = store.unsealed(BATCH).await.unwrap();
        assert_eq!(records.len(), usize::from(BATCH));
        let head = mark(after.map_or(0, |mark| mark.position) + u64::from(BATCH));
        let seals = records.iter().map(|record| (record.id, SealHash([1; 32]))).collect();
        assert!(store.seal(&Sealing { after, seals, key: KeyId([1; 4]), head }).await.unwrap());
    };
    let scans = filled.scans(seal).await;
    hold("records to seal", &scans, &["audit_events"], BATCH.into());

    let scans = filled.scans(async || assert_eq!(store.sealed(1_000, BATCH).await.unwrap().len(), 500)).await;
    hold("sealed records", &scans, &["audit_events"], BATCH.into());

    let make = Builders::default();
    let forget = async || {
        let after = store.marks().await.unwrap().start;
        let start = mark(after.map_or(0, |mark| mark.position) + 100);
        let event = make.event("test.forgotten", None);
        assert!(store.forget(&Forgetting { after, start, event }).await.unwrap());
    };
    let scans = filled.scans(forget).await;
    hold("records to forget", &scans, &["audit_events"], 100.0);
}

async fn purges(filled: &Filled) {
    let store = &filled.store;
    let now = Builders::default().now();
    let month_ago = now - Duration::days(30);
    let purge =
        async || assert_eq!(store.purge(Stale::RefreshTokens, month_ago, None, BATCH).await.unwrap().removed, 0);
    let scans = filled.scans(purge).await;
    hold("superseded tokens", &scans, &["refresh_tokens"], 1.0);
    // 20,000 rows of each are some hundred pages: a batch reads up to 1,024, of which the next one begins behind.
    for (what, table) in [(Stale::Challenges, "challenges"), (Stale::Sessions, "sessions")] {
        let from = Some(Bookmark(3));
        let batch = async || assert_eq!(store.purge(what, month_ago, from, BATCH).await.unwrap().removed, 0);
        let mut scans = filled.scans(batch).await;
        scans.retain(|scan| scan.table == table);
        assert!(scans.iter().any(|scan| scan.rows > 0.0), "{what:?}: no plan of this table: {scans:?}");
        assert!(!scans.iter().any(|scan| scan.whole), "{what:?}: a sequential scan: {scans:?}");
        assert!(scans.iter().all(|scan| scan.rows < 20_000.0), "{what:?}: pages of before are read: {scans:?}");
    }
}
