//! What one unit of work finds when it had to wait for another, step by step, and a server that goes away.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::poll_immediate;
use muster_domain::audit::{AuditQuery, AuditReader};
use muster_domain::directory::{DirectoryStore, UpdateOutcome, UserUpdate};
use muster_domain::session::{Opening, RotateOutcome, Rotation, Session, SessionStore, StoredToken, TokenHash};
use muster_domain::user::{ProfileReader, User, UserStore};
use muster_domain::{KeyId, StoreError, StoreHealth};
use muster_testkit::Builders;
use muster_testkit_postgres::{Cluster, Database, database};
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls};

use crate::{Store, StoreOptions};

pub(super) struct Case {
    pub(super) store: Store,
    pub(super) make: Builders,
    pub(super) ada: User,
    pub(super) session: Session,
    token: StoredToken,
    /// Somebody else, who works in a transaction.
    pub(super) other: Client,
    /// Somebody who looks on.
    pub(super) onlooker: Client,
    database: Database,
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A migrated store in a database of its own, and a connection beside the store's.
pub(super) async fn fresh() -> (Store, Client, Database) {
    let database = database(async |url: String| {
        Store::connect(&url, Handle::current()).unwrap().migrate().await.unwrap();
    });
    let database = database.await;
    (Store::connect(&database.url, Handle::current()).unwrap(), connect(&database.url).await, database)
}

impl Case {
    pub(super) async fn new() -> Self {
        let (store, other, database) = fresh().await;
        let make = Builders::default();
        let ada = make.user("ada").build();
        store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
        let (session, token) = (make.session(ada.id), make.token());
        let opening = Opening { token, ..make.opening(session.clone()) };
        store.issue(&opening, &make.event("test.session.issued", Some(ada.id))).await.unwrap();
        let onlooker = connect(&database.url).await;
        Self { store, make, ada, session, token, other, onlooker, database }
    }

    fn rotation(&self) -> Rotation {
        Rotation {
            session_id: self.session.id,
            presented: self.token.hash,
            parent: None,
            successor: TokenHash([7; 32]),
            successor_salt: self.make.salt(),
            successor_key: KeyId([1; 4]),
            at: self.session.last_used_at + Duration::from_mins(1),
        }
    }

    /// What comes of a rotation that waits for the session, which another locked before it ran these statements.
    async fn rotate_behind(&self, statements: &str) -> RotateOutcome {
        let lock = "BEGIN; UPDATE sessions SET last_used_at = last_used_at";
        self.other.batch_execute(lock).await.unwrap();
        let (store, rotation) = (self.store.clone(), self.rotation());
        let event = self.make.event("test.session.rotated", Some(self.ada.id));
        let rotating = tokio::spawn(async move { store.rotate(&rotation, &event).await.unwrap() });
        self.somebody_waits().await;
        self.other.batch_execute(&format!("{statements}; COMMIT")).await.unwrap();
        rotating.await.unwrap()
    }

    pub(super) fn url(&self) -> &str {
        &self.database.url
    }

    pub(super) async fn somebody_waits(&self) {
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
            AND wait_event_type = 'Lock')";
        while !self.onlooker.query_one(waiting, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(super) async fn records(&self, action: &str) -> usize {
        let query = AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
        AuditReader::list(&self.store, &query).await.unwrap().len()
    }

    async fn assert_nothing_rotated(&self) {
        assert_eq!(self.store.find_family(&self.rotation().successor).await.unwrap(), None);
        assert_eq!(self.records("test.session.rotated").await, 0);
        let candidate = self.store.load_for_refresh(&self.token.hash).await.unwrap().unwrap();
        assert_eq!(candidate.session.last_used_at, self.session.last_used_at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_goes_on_behind_one_who_only_used_the_session() {
    let case = Case::new().await;
    assert_eq!(case.rotate_behind("SELECT 1").await, RotateOutcome::Rotated);
    let family = case.store.find_family(&case.rotation().successor).await.unwrap();
    assert_eq!(family, Some((case.session.id, case.ada.id)));
    assert_eq!(case.records("test.session.rotated").await, 1);
    let candidate = case.store.load_for_refresh(&case.rotation().successor).await.unwrap().unwrap();
    assert_eq!(candidate.session.last_used_at, case.rotation().at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_finds_its_token_superseded_by_whom_it_waited_for() {
    let case = Case::new().await;
    let outcome = case.rotate_behind("UPDATE refresh_tokens SET superseded_at = now()").await;
    assert_eq!(outcome, RotateOutcome::Overtaken);
    case.assert_nothing_rotated().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_finds_its_session_ended_by_whom_it_waited_for() {
    let case = Case::new().await;
    let outcome = case.rotate_behind("UPDATE sessions SET revoked_at = now(), revoke_reason = 'signedOut'").await;
    assert_eq!(outcome, RotateOutcome::Overtaken);
    case.assert_nothing_rotated().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_keeps_the_successor_of_whom_it_waited_for() {
    let case = Case::new().await;
    let insert = "INSERT INTO refresh_tokens (hash, session_id, parent, salt, created_at) \
        SELECT decode(repeat('07', 32), 'hex'), session_id, hash, decode(repeat('55', 16), 'hex'), now() \
        FROM refresh_tokens";
    assert_eq!(case.rotate_behind(insert).await, RotateOutcome::Rotated);
    let candidate = case.store.load_for_refresh(&case.rotation().successor).await.unwrap().unwrap();
    assert_eq!(candidate.token.salt.0, [0x55; 16]);
    assert_eq!(case.records("test.session.rotated").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_else_gets_meanwhile_is_taken() {
    let case = Case::new().await;
    let grace = case.make.user("grace").build();
    case.store.insert_user(&grace, &case.make.event("test.user.created", Some(grace.id))).await.unwrap();
    let rename = "BEGIN; UPDATE users SET user_name_key = 'lovelace' WHERE user_name_key = 'ada'";
    case.other.batch_execute(rename).await.unwrap();

    let mut user = case.make.edit(&grace).user_name("lovelace").build();
    user.version = grace.version + 1;
    let update = UserUpdate {
        user,
        expected_version: grace.version,
        lost_proofs: Vec::new(),
        deactivates: false,
        brake: None,
        duplicates: vec![],
        notices: Vec::new(),
        at: case.make.now(),
    };
    let event = case.make.event("test.user.renamed", Some(grace.id));
    let store = case.store.clone();
    let renaming = tokio::spawn(async move { store.update_user(&update, &[event]).await.unwrap() });
    case.somebody_waits().await;
    case.other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(renaming.await.unwrap(), UpdateOutcome::Taken);
    assert_eq!(case.records("test.user.renamed").await, 0);
    assert!(case.store.find_login("grace").await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_unavailable_and_then_works_as_before() {
    let cluster = Cluster::start().await;
    let store = Store::connect(&cluster.url("postgres"), Handle::current()).unwrap();
    store.migrate().await.unwrap();
    let make = Builders::default();
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    // Several connections are in the pool when the server goes.
    let reads = (0..8).map(|_| store.clone()).map(|store| tokio::spawn(async move { store.account(ada.id).await }));
    for read in reads.collect::<Vec<_>>() {
        assert!(read.await.unwrap().unwrap().is_some());
    }

    cluster.kill();
    for _ in 0..20 {
        let (read, healthy) = (store.account(ada.id).await, store.check().await);
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        assert!(matches!(healthy, Err(StoreError::Unavailable(_))), "{healthy:?}");
        let grace = make.user("grace").build();
        let written = store.insert_user(&grace, &make.event("test.user.created", Some(grace.id))).await;
        assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    }

    cluster.restart().await;
    store.check().await.unwrap();
    assert!(store.account(ada.id).await.unwrap().is_some());
    let grace = make.user("grace").build();
    store.insert_user(&grace, &make.event("test.user.created", Some(grace.id))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_off_cost_a_read_nothing() {
    let case = Case::new().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..20 {
        assert!(case.store.account(case.ada.id).await.unwrap().is_some());
        case.onlooker.batch_execute(cut).await.unwrap();
        assert!(case.store.account(case.ada.id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_unavailable() {
    let case = Case::new().await;
    let mut options = StoreOptions::new(case.database.url.clone());
    options.statement_timeout = Some(Duration::from_millis(50));
    let store = Store::open(&options, Handle::current()).unwrap();
    case.other.batch_execute("BEGIN; LOCK TABLE users").await.unwrap();
    let waited = store.account(case.ada.id).await;
    assert!(matches!(waited, Err(StoreError::Unavailable(_))), "{waited:?}");
    case.other.batch_execute("ROLLBACK").await.unwrap();
    assert!(store.account(case.ada.id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_stops_asking_leaves_its_connection_to_the_next() {
    let case = Case::new().await;
    let grace = case.make.user("grace").build();
    case.store.insert_user(&grace, &case.make.event("test.user.created", Some(grace.id))).await.unwrap();
    let options = StoreOptions { pool_size: Some(NonZeroUsize::MIN), ..StoreOptions::new(&case.database.url) };
    let store = Store::open(&options, Handle::current()).unwrap();
    let profile_of = async |id| ProfileReader::profile(&store, id).await.unwrap().unwrap().user.id;
    assert_eq!(profile_of(case.ada.id).await, case.ada.id);
    let backend = async || {
        case.onlooker
            .query("SELECT pid FROM pg_stat_activity WHERE datname = current_database()", &[])
            .await
            .unwrap()
            .len()
    };
    let connections = backend().await;
    for polls in 0..200 {
        // Given up on somewhere between the statement's way out and its answer's way back.
        {
            let mut question = pin!(store.profile(case.ada.id));
            for _ in 0..polls % 8 {
                if poll_immediate(&mut question).await.is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(profile_of(grace.id).await, grace.id, "after {polls}");
    }
    assert_eq!(backend().await, connections, "the connection was used again each time");
}
