//! What a caller is told when PostgreSQL runs a statement and then refuses to commit it.

use std::sync::Arc;
use std::time::Duration;

use muster_domain::directory::{DirectoryStore, InsertOutcome};
use muster_domain::session::{IssueOutcome, Opening, RotateOutcome, Rotation, Session, SessionStore, StoredToken};
use muster_domain::user::{User, UserStore};
use muster_domain::verification::{Challenge, Method, OpenOutcome, VerificationStore};
use muster_domain::{KeyId, StoreError};
use muster_testkit::Builders;
use muster_testkit_postgres::{Cluster, Database};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::on_postgres::fresh;
use crate::Store;

/// How often a unit of work runs at most: once, and once more after each of three conflicts.
const RUNS: i64 = 4;

#[derive(Debug, Clone, Copy)]
enum Write {
    Issue,
    Rotate,
    Guess,
    /// A unit of work with a transaction around it.
    InsertUser,
}

impl Write {
    const ALL: [Self; 4] = [Self::Issue, Self::Rotate, Self::Guess, Self::InsertUser];

    /// The tables that it writes to, in the order of their names.
    fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Issue | Self::Rotate => &["audit_events", "refresh_tokens", "sessions"],
            Self::Guess => &["audit_events", "challenges"],
            Self::InsertUser => &["audit_events", "users"],
        }
    }
}

/// A person with a session and a challenge.
struct Stage {
    store: Store,
    make: Builders,
    ada: User,
    session: Session,
    token: StoredToken,
    challenge: Challenge,
    onlooker: Client,
    _database: Database,
}

impl Stage {
    async fn new() -> Self {
        let (store, onlooker, database) = fresh().await;
        let make = Builders::default();
        let ada = add(&store, &make, "ada").await;
        let (session, token) = (make.session(ada.id), make.token());
        let challenge = open(&store, &make, &ada, Method::Sms).await;
        let stage = Self { store, make, ada, session, token, challenge, onlooker, _database: database };
        assert!(stage.issue(&stage.session, &stage.token).await.unwrap());
        stage
    }

    async fn issue(&self, session: &Session, token: &StoredToken) -> Result<bool, StoreError> {
        let event = self.make.event("test.session.issued", Some(self.ada.id));
        let opening = Opening { token: *token, ..self.make.opening(session.clone()) };
        Ok(self.store.issue(&opening, &event).await? == IssueOutcome::Issued)
    }

    /// Whether it happened.
    async fn run(&self, write: Write) -> Result<bool, StoreError> {
        let event = self.make.event("test.written", Some(self.ada.id));
        match write {
            Write::Issue => self.issue(&self.make.session(self.ada.id), &self.make.token()).await,
            Write::Rotate => {
                let rotation = Rotation {
                    session_id: self.session.id,
                    presented: self.token.hash,
                    parent: None,
                    successor: self.make.token().hash,
                    successor_salt: self.make.salt(),
                    successor_key: KeyId([7; 4]),
                    at: self.make.now(),
                };
                Ok(self.store.rotate(&rotation, &event).await? == RotateOutcome::Rotated)
            }
            Write::Guess => Ok(self.store.spend_attempt(self.challenge.id, self.make.now(), &event).await?.is_some()),
            Write::InsertUser => {
                let grace = self.make.user("grace").build();
                Ok(self.store.insert_user(&grace, &event).await? == InsertOutcome::Inserted)
            }
        }
    }

    /// Every row of every table.
    async fn content(&self) -> Vec<String> {
        let rows = |table: &String| format!("SELECT '{table} ' || t::text FROM {table} t");
        let rows: Vec<_> = self.tables().await.iter().map(rows).collect();
        let rows = self.onlooker.query(&format!("{} ORDER BY 1", rows.join(" UNION ALL ")), &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn tables(&self) -> Vec<String> {
        let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
        self.onlooker.query(names, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// From now on these statements of PL/pgSQL run when a transaction that wrote to `table` commits.
    async fn at_commit(&self, table: &str, statements: &str) {
        let sql = format!(
            "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS \
            $$ BEGIN {statements}; RETURN NULL; END $$; \
            CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE OR DELETE ON {table} \
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
        );
        self.onlooker.batch_execute(&sql).await.unwrap();
    }

    async fn no_longer_at_commit(&self) {
        self.onlooker.batch_execute("DROP FUNCTION at_commit() CASCADE").await.unwrap();
    }

    async fn number(&self, query: &str) -> i64 {
        self.onlooker.query_one(query, &[]).await.unwrap().get(0)
    }
}

async fn add(store: &Store, make: &Builders, name: &str) -> User {
    let user = make.user(name).build();
    store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    user
}

async fn open(store: &Store, make: &Builders, user: &User, method: Method) -> Challenge {
    let challenge = make.challenge(user.id, method, [7; 32].into());
    let event = make.event("test.challenge.opened", Some(user.id));
    assert_eq!(store.open_challenge(&challenge, &[], &event).await.unwrap(), OpenOutcome::Opened);
    challenge
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deferred_constraint_refuses_is_not_acknowledged_and_not_stored() {
    let stage = Stage::new().await;
    for write in Write::ALL {
        let mut refused = Vec::new();
        for table in stage.tables().await {
            stage.at_commit(&table, "RAISE EXCEPTION 'refused at commit'").await;
            let before = stage.content().await;
            if stage.run(write).await.is_err() {
                refused.push(table);
                assert_eq!(stage.content().await, before, "{write:?}: nothing is stored");
            }
            stage.no_longer_at_commit().await;
            if matches!(write, Write::InsertUser) {
                stage.onlooker.batch_execute("DELETE FROM users WHERE user_name_key = 'grace'").await.unwrap();
            }
            stage.onlooker.batch_execute("UPDATE challenges SET failed_attempts = 0").await.unwrap();
        }
        assert_eq!(refused, write.tables(), "{write:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_only_the_commit_tells_of_is_done_again() {
    // As PostgreSQL words it in English.
    for (code, message) in [("40001", "could not serialize access"), ("40P01", "deadlock detected")] {
        let stage = Stage::new().await;
        let refuse = format!("RAISE EXCEPTION '{message}' USING ERRCODE = '{code}'");
        for write in Write::ALL {
            // What a sequence counts stays counted when a transaction is undone.
            stage.onlooker.batch_execute("CREATE SEQUENCE runs").await.unwrap();
            stage.at_commit("audit_events", &format!("IF nextval('runs') < {RUNS} THEN {refuse}; END IF")).await;
            let records = stage.number("SELECT count(*) FROM audit_events").await;
            assert!(stage.run(write).await.unwrap(), "{code}, {write:?}");
            assert_eq!(stage.number("SELECT count(*) FROM audit_events").await, records + 1, "{code}, {write:?}");
            assert_eq!(stage.number("SELECT last_value FROM runs").await, RUNS, "{code}, {write:?}");
            stage.no_longer_at_commit().await;

            stage.onlooker.batch_execute("DELETE FROM users WHERE user_name_key = 'grace'").await.unwrap();
            stage.at_commit("audit_events", &format!("PERFORM nextval('runs'); {refuse}")).await;
            let before = stage.content().await;
            let result = stage.run(write).await;
            assert!(matches!(result, Err(StoreError::Unavailable(_))), "{code}, {write:?}: {result:?}");
            assert_eq!(stage.content().await, before, "{code}, {write:?}: nothing is stored");
            assert_eq!(stage.number("SELECT last_value FROM runs").await, 2 * RUNS, "{code}, {write:?}");
            stage.no_longer_at_commit().await;
            stage.onlooker.batch_execute("DROP SEQUENCE runs").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_terminated_while_it_commits_acknowledges_nothing() {
    let stage = Stage::new().await;
    stage.at_commit("audit_events", "PERFORM pg_sleep(60)").await;
    let terminate = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let before = stage.content().await;
    for write in Write::ALL {
        for _ in 0..3 {
            let terminated = async {
                while stage.number(terminate).await == 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            let (result, ()) = tokio::join!(stage.run(write), terminated);
            assert!(matches!(result, Err(StoreError::Unavailable(_))), "{write:?}: {result:?}");
            assert_eq!(stage.content().await, before, "{write:?}: nothing is stored");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_guess_that_was_answered_under_serializable_is_counted() {
    const CLIENTS: usize = 32;
    let (store, onlooker, database) = fresh().await;
    let make = Arc::new(Builders::default());
    let mut challenges = Vec::new();
    for number in 0..CLIENTS {
        let user = add(&store, &make, &format!("person{number}")).await;
        for method in [Method::Sms, Method::Email] {
            challenges.push(open(&store, &make, &user, method).await);
        }
    }
    let serializable = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', \
        current_database()); END $$";
    onlooker.batch_execute(serializable).await.unwrap();
    // Commits that take a while overlap, and so conflict.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.005); \
        RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON challenges \
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()";
    onlooker.batch_execute(slow).await.unwrap();
    let store = Store::connect(&database.url, Handle::current()).unwrap();

    let mut guessing = JoinSet::new();
    for challenges in challenges.chunks(2).map(<[_]>::to_vec) {
        let (store, make) = (store.clone(), make.clone());
        guessing.spawn(async move {
            let mut answered = Vec::new();
            for challenge in challenges.iter().cycle().take(2 * usize::from(Challenge::MAX_ATTEMPTS)) {
                let event = make.event("test.guessed", Some(challenge.user_id));
                if store.spend_attempt(challenge.id, make.now(), &event).await.is_ok_and(|spent| spent.is_some()) {
                    answered.push((challenge.user_id, challenge.method));
                }
            }
            answered
        });
    }
    let answered = guessing.join_all().await.concat();
    let mut free = 0;
    for challenge in &challenges {
        let stored = store.find_challenge(challenge.user_id, challenge.method).await.unwrap().unwrap();
        let guesses = answered.iter().filter(|guess| **guess == (challenge.user_id, challenge.method)).count();
        free += guesses.saturating_sub(stored.failed_attempts.into());
    }
    eprintln!("{CLIENTS} clients guessed under serializable: {} answered, {free} free", answered.len());
    assert_eq!(free, 0);
    assert!(!answered.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_unavailable_until_it_is_promoted() {
    let (primary, standby) = Cluster::start_with_standby(&[]).await;
    let stored = Store::connect(&primary.url("postgres"), Handle::current()).unwrap();
    stored.migrate().await.unwrap();
    let make = Builders::default();
    let ada = add(&stored, &make, "ada").await;
    let store = Store::connect(&standby.url("postgres"), Handle::current()).unwrap();
    let read = store.account(ada.id).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    primary.kill();
    standby.promote().await;
    assert!(store.account(ada.id).await.unwrap().is_some());
}
