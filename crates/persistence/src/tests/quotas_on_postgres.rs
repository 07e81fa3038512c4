//! What a code finds of a quota's count when it had to wait for another code, step by step.

use muster_domain::directory::DirectoryStore;
use muster_domain::user::User;
use muster_domain::verification::{Challenge, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow, VerificationStore};
use muster_testkit::Builders;
use muster_testkit_postgres::{Database, database};
use time::Duration;
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls};

use crate::Store;

/// One code and no more is allowed in an hour.
struct Case {
    store: Store,
    make: Builders,
    ada: User,
    /// Somebody else, who counts a code in a transaction.
    other: Client,
    onlooker: Client,
    _database: Database,
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Case {
    async fn new() -> Self {
        let database = database(async |url: String| {
            Store::connect(&url, Handle::current()).unwrap().migrate().await.unwrap();
        });
        let database = database.await;
        let store = Store::connect(&database.url, Handle::current()).unwrap();
        let make = Builders::default();
        let ada = make.user("ada").build();
        store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
        let (other, onlooker) = (connect(&database.url).await, connect(&database.url).await);
        Self { store, make, ada, other, onlooker, _database: database }
    }

    fn challenge(&self) -> Challenge {
        self.make.challenge(self.ada.id, Method::Email, self.ada.email_fingerprint.unwrap())
    }

    /// What comes of a code that waits for the count which another writes before these statements.
    async fn open_behind(&self, began_at: &str, statement: &str) -> OpenOutcome {
        let first = format!("BEGIN; INSERT INTO send_counts VALUES ('installation', '', 'hour', '{began_at}', 1)");
        self.other.batch_execute(&first).await.unwrap();
        let (store, challenge) = (self.store.clone(), self.challenge());
        let event = self.make.event("test.opened", Some(self.ada.id));
        let quota = |scope, max| Quota { scope, window: QuotaWindow::Hour, max };
        let quotas = [quota(QuotaScope::User(self.ada.id), 9), quota(QuotaScope::Installation, 1)];
        let opening = tokio::spawn(async move { store.open_challenge(&challenge, &quotas, &event).await.unwrap() });
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
            AND wait_event_type = 'Lock')";
        while !self.onlooker.query_one(waiting, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        self.other.batch_execute(statement).await.unwrap();
        opening.await.unwrap()
    }

    /// The counts as `scope used`.
    async fn counts(&self) -> Vec<String> {
        let counts = "SELECT scope || ' ' || used FROM send_counts ORDER BY scope";
        self.onlooker.query(counts, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The time of which a window that is running began.
    fn running(&self) -> String {
        (self.make.now() - Duration::MINUTE).to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_over_quota_behind_one_that_used_it_up_and_leaves_nothing() {
    let case = Case::new().await;
    let outcome = case.open_behind(&case.running(), "COMMIT").await;
    let until = case.make.now() + Duration::minutes(59);
    assert_eq!(outcome, OpenOutcome::OverQuota { scope: QuotaScope::Installation, until });
    assert_eq!(case.counts().await, ["installation 1"], "the count of the person was taken back");
    assert_eq!(case.store.find_challenge(case.ada.id, Method::Email).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_behind_one_that_was_taken_back() {
    let case = Case::new().await;
    assert_eq!(case.open_behind(&case.running(), "ROLLBACK").await, OpenOutcome::Opened);
    assert_eq!(case.counts().await, ["installation 1", "user 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_begins_a_window_again_behind_one_that_ended() {
    let case = Case::new().await;
    let ended = (case.make.now() - Duration::HOUR).to_string();
    assert_eq!(case.open_behind(&ended, "COMMIT").await, OpenOutcome::Opened);
    let again = format!("SELECT began_at = '{}' FROM send_counts WHERE scope = 'installation'", case.make.now());
    assert!(case.onlooker.query_one(&again, &[]).await.unwrap().get::<_, bool>(0));
    assert_eq!(case.counts().await, ["installation 1", "user 1"]);
}
