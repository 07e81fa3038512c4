//! Dead sessions with more refresh tokens than one transaction takes.

use muster_domain::directory::DirectoryStore;
use muster_domain::housekeeping::{Housekeeping, Purged, Stale};
use muster_domain::session::{Opening, Session, SessionStore, StoredToken};
use muster_testkit::Builders;
use time::Duration;

use super::{runtime, store};
use crate::Store;

/// A session that ended and one that goes on, of one person.
async fn sessions(store: &Store) -> (Builders, Session, [StoredToken; 2]) {
    let make = Builders::default();
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    let tokens = [make.token(), make.token()];
    let dead = make.session(ada.id);
    let live = Session { expires_at: dead.expires_at + Duration::DAY, ..make.session(ada.id) };
    for (session, token) in [&dead, &live].into_iter().zip(&tokens) {
        let opening = Opening { token: *token, ..make.opening(session.clone()) };
        store.issue(&opening, &make.event("test.session.issued", Some(ada.id))).await.unwrap();
    }
    (make, dead, tokens)
}

async fn the_dead_one_goes_whole(store: &Store, dead: &Session, [dead_one, live_one]: &[StoredToken; 2]) {
    let before = dead.expires_at + Duration::HOUR;
    let (mut from, mut removed) = (None, Vec::new());
    loop {
        let purged = store.purge(Stale::Sessions, before, from, 500).await.unwrap();
        removed.push(purged.removed);
        from = purged.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(removed, [0, 0, 1], "each batch is one transaction, and the session goes with the last of its tokens");
    let again = store.purge(Stale::Sessions, before, None, 500).await.unwrap();
    assert_eq!(again, Purged { removed: 0, next: None });
    assert_eq!(store.find_family(&dead_one.hash).await.unwrap(), None);
    assert!(store.find_family(&live_one.hash).await.unwrap().is_some());
}

#[test]
fn a_dead_session_goes_with_a_long_line_of_tokens_on_sqlite() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};

    let runtime = runtime();
    runtime.block_on(async {
        let (store, folder) = store(runtime.handle()).await;
        let (_make, dead, tokens) = sessions(&store).await;
        let path = folder.path().join("muster.db");
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let line = format!(
            "WITH RECURSIVE line (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM line WHERE n < 12000)
            INSERT INTO refresh_tokens (hash, session_id, salt, created_at)
            SELECT randomblob(32), x'{}', randomblob(16), 0 FROM line",
            dead.id.0.simple(),
        );
        connection.batch_execute(&line).unwrap();
        the_dead_one_goes_whole(&store, &dead, &tokens).await;
    });
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_session_goes_with_a_long_line_of_tokens_on_postgresql() {
    use super::on_postgres::fresh;

    let (store, client, _database) = fresh().await;
    let (_make, dead, tokens) = sessions(&store).await;
    let line = format!(
        "INSERT INTO refresh_tokens (hash, session_id, salt, created_at)
        SELECT sha256(n::text::bytea), '{}', substr(sha256(''), 1, 16), now() FROM generate_series(1, 12000) AS n;
        CREATE TABLE gone (transaction xid8, tokens bigint);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO gone SELECT pg_current_xact_id(), count(*) FROM old; RETURN NULL; END $$;
        CREATE TRIGGER note AFTER DELETE ON refresh_tokens REFERENCING OLD TABLE AS old EXECUTE FUNCTION note()",
        dead.id.0,
    );
    client.batch_execute(&line).await.unwrap();
    the_dead_one_goes_whole(&store, &dead, &tokens).await;
    let most = "SELECT max(tokens), sum(tokens)::bigint FROM
        (SELECT sum(tokens)::bigint AS tokens FROM gone GROUP BY transaction) AS transactions";
    let row = client.query_one(most, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (5_000, 12_001));
}
