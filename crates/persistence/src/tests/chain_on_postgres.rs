//! What sealing finds when it had to wait for another server, step by step, and that nobody waits for it.

use muster_domain::audit::chain::{AuditChain, ChainMark, ChainMarks, Unsealed};
use muster_domain::directory::DirectoryStore;

use super::on_postgres::Case;
use super::sealing;

/// Another server's head of the chain, after which nothing here is.
const HEAD: &str =
    "INSERT INTO audit_chain VALUES ('head', 7, decode(repeat('07', 32), 'hex'), decode(repeat('08', 32), 'hex'))";

impl Case {
    /// What comes of sealing all there is behind another server, which ends like that.
    async fn seal_behind(&self, end: &str) -> bool {
        self.other.batch_execute(&format!("BEGIN; {HEAD}")).await.unwrap();
        let sealing = sealing(&self.store).await;
        let store = self.store.clone();
        let running = tokio::spawn(async move { store.seal(&sealing).await.unwrap() });
        self.somebody_waits().await;
        self.other.batch_execute(end).await.unwrap();
        running.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_seals_behind_another_finds_another_end_and_leaves_nothing() {
    let case = Case::new().await;
    assert!(!case.seal_behind("COMMIT").await);
    assert_eq!(case.count("audit_events WHERE position IS NOT NULL").await, 0);
    assert_eq!(case.store.marks().await.unwrap().head.map(|mark| mark.position), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_seals_behind_another_that_was_taken_back_goes_on() {
    let case = Case::new().await;
    assert!(case.seal_behind("ROLLBACK").await);
    assert_eq!(case.count("audit_events WHERE position IS NULL").await, 0);
    assert_eq!(case.store.marks().await.unwrap().head.map(|mark| mark.position), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_when_its_transaction_ends_though_younger_ones_are_sealed() {
    let case = Case::new().await;
    let late = "BEGIN; INSERT INTO audit_events (id, at, action, actor_type, details) \
        VALUES ('00000000-0000-7000-8000-000000000001', '2001-01-01', 'test.late', 'anonymous', '{}')";
    case.other.batch_execute(late).await.unwrap();
    let sealing = sealing(&case.store).await;
    assert!(case.store.seal(&sealing).await.unwrap());
    assert_eq!(case.store.unsealed(10).await.unwrap(), Unsealed { head: Some(sealing.head), records: Vec::new() });
    case.other.batch_execute("COMMIT").await.unwrap();
    let late = case.store.unsealed(10).await.unwrap().records;
    assert_eq!(late.iter().map(|record| record.action.as_str()).collect::<Vec<_>>(), ["test.late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_written_while_others_are_being_sealed_and_forgotten() {
    let case = Case::new().await;
    let sealing = format!("BEGIN; {HEAD}; SELECT FROM audit_events FOR UPDATE; DELETE FROM audit_events");
    case.other.batch_execute(&sealing).await.unwrap();
    let grace = case.make.user("grace").build();
    case.store.insert_user(&grace, &case.make.event("test.user.created", Some(grace.id))).await.unwrap();
    assert_eq!(case.count("audit_events WHERE position IS NULL").await, 3);
    case.other.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_forget_at_once_one_does() {
    let case = Case::new().await;
    let sealing = sealing(&case.store).await;
    assert!(case.store.seal(&sealing).await.unwrap());
    let start = ChainMark { position: 1, hash: sealing.seals[0].1, mac: sealing.head.mac };
    let forgetting = (0..8).map(|_| {
        let event = case.make.event("test.forgotten", None);
        let forgetting = muster_domain::audit::chain::Forgetting { after: None, start, event };
        let store = case.store.clone();
        tokio::spawn(async move { store.forget(&forgetting).await.unwrap() })
    });
    let mut done = 0;
    for one in forgetting.collect::<Vec<_>>() {
        done += usize::from(one.await.unwrap());
    }
    assert_eq!((done, case.records("test.forgotten").await), (1, 1));
    let marks = ChainMarks { start: Some(start), head: Some(sealing.head) };
    assert_eq!(case.store.marks().await.unwrap(), marks);
    assert_eq!(case.count("audit_events WHERE position IS NOT NULL").await, 1);
}
