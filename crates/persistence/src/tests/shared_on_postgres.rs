//! Lookups that share a connection: each gets its own answer, whatever becomes of the others.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join_all, poll_immediate};
use muster_domain::api_key::{ApiKeyHash, ApiKeyStore};
use muster_domain::directory::DirectoryStore;
use muster_domain::user::{ProfileReader, User, UserStore};
use muster_domain::{StoreError, UserId};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::on_postgres::Case;
use crate::postgres::SHARED_BY;
use crate::{Store, StoreOptions};

impl Case {
    /// A store with one connection.
    fn narrow(&self, options: impl FnOnce(&mut StoreOptions)) -> Store {
        let mut narrow = StoreOptions { pool_size: Some(NonZeroUsize::MIN), ..StoreOptions::new(self.url()) };
        options(&mut narrow);
        Store::open(&narrow, Handle::current()).unwrap()
    }

    /// The server processes of everybody but those who look on.
    async fn processes(&self) -> Vec<i32> {
        let others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'narrow' ORDER BY pid";
        self.onlooker.query(others, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn grace(&self) -> User {
        let grace = self.make.user("grace").build();
        let event = self.make.event("test.user.created", Some(grace.id));
        self.store.insert_user(&grace, &event).await.unwrap();
        grace
    }

    async fn waiting_for_locks(&self) -> i64 {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND wait_event_type = 'Lock'";
        self.onlooker.query_one(waiting, &[]).await.unwrap().get(0)
    }
}

type Read = JoinHandle<Result<Option<UserId>, StoreError>>;

fn read(store: &Store, id: UserId) -> Read {
    let store = store.clone();
    tokio::spawn(async move { Ok(store.profile(id).await?.map(|facts| facts.user.id)) })
}

/// So many reads over a store's one connection, all under way: the first waits for a lock, the others for it.
async fn under_way(case: &Case, store: &Store, ids: impl Iterator<Item = UserId>) -> Vec<Read> {
    // What is not prepared yet would be prepared once for all, and not be sent before.
    assert!(store.profile(case.ada.id).await.unwrap().is_some());
    case.other.batch_execute("BEGIN; LOCK TABLE users").await.unwrap();
    let reads = ids.map(|id| read(store, id)).collect();
    case.somebody_waits().await;
    reads
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_lookups_share_a_connection_and_no_more() {
    let case = Case::new().await;
    let store = case.narrow(|options| options.acquire_timeout = Duration::from_secs(2));
    let reads = under_way(&case, &store, [case.ada.id; SHARED_BY + 1].into_iter()).await;
    // Whoever finds no place gives up after a while.
    while !reads.iter().any(Read::is_finished) {
        assert_eq!(case.waiting_for_locks().await, 1);
    }
    case.other.batch_execute("ROLLBACK").await.unwrap();
    let answers = join_all(reads).await.into_iter().map(Result::unwrap);
    let (found, refused): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
    assert_eq!(found.len(), SHARED_BY);
    assert!(matches!(*refused, [Err(StoreError::Unavailable(_))]), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_whose_connection_is_cut_off_are_done_again() {
    let case = Case::new().await;
    let store = case.narrow(|_| ());
    let reads = under_way(&case, &store, [case.ada.id; 8].into_iter()).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    case.onlooker.batch_execute(cut).await.unwrap();
    case.other.batch_execute("ROLLBACK").await.unwrap();
    for answer in join_all(reads).await {
        assert_eq!(answer.unwrap().unwrap(), Some(case.ada.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_that_takes_too_long_takes_no_other_with_it() {
    let case = Case::new().await;
    let store = case.narrow(|options| options.statement_timeout = Some(Duration::from_secs(2)));
    let reads = under_way(&case, &store, [case.ada.id; 2].into_iter()).await;
    // The time of the one that was sent first is up, and that of the other begins.
    while !reads.iter().any(Read::is_finished) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    case.other.batch_execute("ROLLBACK").await.unwrap();
    let answers: Vec<_> = join_all(reads).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::Unavailable(_)))).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_ever_behind_others_and_what_was_waited_for_in_vain_is_closed() {
    let case = Case::new().await;
    let store = case.narrow(|options| {
        options.url.push_str("?application_name=narrow");
        options.acquire_timeout = Duration::from_secs(1);
        options.statement_timeout = Some(Duration::from_secs(1));
    });
    let began = Instant::now();
    // The last one's own second would begin after six of others.
    let reads = under_way(&case, &store, [case.ada.id; 7].into_iter()).await;
    let before = case.processes().await;
    for answer in join_all(reads).await {
        let answer = answer.unwrap();
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    case.other.batch_execute("ROLLBACK").await.unwrap();
    assert!(store.account(case.ada.id).await.unwrap().is_some());
    let after = case.processes().await;
    assert!(!before.is_empty() && !after.iter().all(|process| before.contains(process)), "{before:?}, {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_leave_a_turn_to_whoever_wants_their_only_connection_alone() {
    let case = Case::new().await;
    let store = case.narrow(|options| options.acquire_timeout = Duration::from_mins(1));
    let ada = case.ada.id;
    let enough = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let (store, enough) = (store.clone(), enough.clone());
            tokio::spawn(async move {
                let mut asked = 0;
                while !enough.load(Ordering::Relaxed) {
                    assert!(store.profile(ada).await.unwrap().is_some());
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for number in 0..20 {
        let user = case.make.user(&format!("newcomer{number}")).build();
        let event = case.make.event("test.user.created", Some(user.id));
        store.insert_user(&user, &event).await.unwrap();
    }
    enough.store(true, Ordering::Relaxed);
    for asked in join_all(asking).await {
        assert!(asked.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lookup_gets_its_own_answer_while_others_are_given_up() {
    let case = Case::new().await;
    let (ada, grace) = (case.ada.id, case.grace().await.id);
    let store = case.narrow(|options| options.url.push_str("?application_name=narrow"));
    assert!(store.profile(ada).await.unwrap().is_some());
    let before = case.processes().await;
    for round in 0..100 {
        let reads: Vec<_> = [ada, grace, ada, grace, grace, ada].map(|id| (id, read(&store, id))).into();
        {
            let mut given_up = pin!(store.profile(if round % 2 == 0 { grace } else { ada }));
            for _ in 0..round % 5 {
                if poll_immediate(&mut given_up).await.is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        reads[round % 6].1.abort();
        for (place, (id, read)) in reads.into_iter().enumerate() {
            match read.await {
                Ok(answer) => assert_eq!(answer.unwrap(), Some(id), "round {round}"),
                Err(aborted) => assert!(aborted.is_cancelled() && place == round % 6),
            }
        }
    }
    assert_eq!(before.len(), 1);
    assert_eq!(case.processes().await, before, "the connection was used again each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_silent_is_joined_by_nobody() {
    let case = Case::new().await;
    let (ada, grace) = (case.ada.id, case.grace().await.id);
    let store = case.narrow(|options| options.pool_size = NonZeroUsize::new(2));
    assert!(store.profile(ada).await.unwrap().is_some());
    case.other.batch_execute("BEGIN; LOCK TABLE api_keys").await.unwrap();
    let held_up = store.clone();
    let held_up = tokio::spawn(async move { ApiKeyStore::find(&held_up, &ApiKeyHash([7; 32])).await });
    case.somebody_waits().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    for id in [ada, grace] {
        assert_eq!(read(&store, id).await.unwrap().unwrap(), Some(id));
    }
    assert!(!held_up.is_finished());
    case.other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(held_up.await.unwrap().unwrap(), None);
}
