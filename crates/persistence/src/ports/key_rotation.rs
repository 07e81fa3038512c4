//! Moving fingerprints from one key to another, and counting what each key made.
//!
//! The statements are written out: each is the same for three pairs of columns, and both engines take it as it stands.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;
use muster_domain::key_rotation::{FingerprintMove, KeyCount, KeyRotationStore, KeyedRows, StoredFingerprint};
use muster_domain::verification::{Challenge, Method};
use muster_domain::{KeyId, StoreError};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Store;
use crate::db::{with_conn, with_tx};
use crate::error::DbError;
#[cfg(feature = "postgres")]
use crate::locks::Locks;
use crate::types::{DbId, Hash, Id, Instant, Ts, fingerprint, key_column, key_id};

/// Where the fingerprints of a method's destinations are.
struct Columns {
    table: &'static str,
    hash: &'static str,
    key: &'static str,
    /// What the fingerprint is made of.
    destination: &'static str,
    /// What changes with the hash.
    with_hash: &'static str,
}

fn columns(method: Method) -> Columns {
    match method {
        Method::Email => Columns {
            table: "users",
            hash: "email_fingerprint",
            key: "email_fingerprint_key",
            destination: "email_key",
            with_hash: ", version = version + 1",
        },
        Method::Sms => Columns {
            table: "users",
            hash: "phone_fingerprint",
            key: "phone_fingerprint_key",
            destination: "phone",
            with_hash: ", version = version + 1",
        },
        Method::Push => Columns {
            table: "devices",
            hash: "token_fingerprint",
            key: "token_fingerprint_key",
            destination: "platform || ':' || token",
            with_hash: "",
        },
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Id)]
    id: DbId,
    #[diesel(sql_type = Text)]
    destination: String,
    #[diesel(sql_type = Binary)]
    hash: Hash,
    #[diesel(sql_type = Nullable<Integer>)]
    key: Option<i32>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Integer>)]
    key: Option<i32>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// `$1` is the time. A code works and a session is live by the rules of `Challenge::state` and `sessions::live`.
fn counts() -> String {
    let most = Challenge::MAX_ATTEMPTS;
    format!(
        "\
    SELECT 'emails' AS kind, email_fingerprint_key AS key, count(*) AS number \
    FROM users WHERE email_fingerprint IS NOT NULL GROUP BY email_fingerprint_key \
    UNION ALL SELECT 'phones', phone_fingerprint_key, count(*) \
    FROM users WHERE phone_fingerprint IS NOT NULL GROUP BY phone_fingerprint_key \
    UNION ALL SELECT 'devices', token_fingerprint_key, count(*) FROM devices GROUP BY token_fingerprint_key \
    UNION ALL SELECT 'codes', code_key, count(*) FROM challenges \
    WHERE completed_at IS NULL AND cancelled_at IS NULL AND expires_at > $1 AND failed_attempts < {most} GROUP BY code_key \
    UNION ALL SELECT 'refresh_tokens', t.successor_key, count(*) \
    FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id \
    WHERE t.superseded_at IS NULL AND s.revoked_at IS NULL AND s.expires_at > $1 GROUP BY t.successor_key"
    )
}

fn kind(name: &str) -> Option<KeyedRows> {
    use KeyedRows::{Codes, Devices, Emails, Phones, RefreshTokens};
    [Emails, Phones, Devices, Codes, RefreshTokens].into_iter().find(|kind| kind.as_str() == name)
}

#[async_trait]
impl KeyRotationStore for Store {
    async fn fingerprints(
        &self,
        method: Method,
        other_than: &[KeyId],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<StoredFingerprint>, StoreError> {
        let Columns { table, hash, key, destination, .. } = columns(method);
        // Numbers of this program's own, so that they need not be bound.
        let keys: Vec<_> = other_than.iter().map(|key| key_column(*key).to_string()).collect();
        let others = if keys.is_empty() { "TRUE".to_owned() } else { format!("{key} NOT IN ({})", keys.join(", ")) };
        // Before every id.
        let after = DbId(after.unwrap_or_default());
        let text = format!(
            "SELECT id, {destination} AS destination, {hash} AS hash, {key} AS key FROM {table} \
             WHERE {hash} IS NOT NULL AND ({key} IS NULL OR {others}) AND id > $1 ORDER BY id LIMIT $2"
        );
        self.reading(move |db| async move {
            let found: Vec<Found> = with_conn!(&db, |c| {
                let query = diesel::sql_query(text).bind::<Id, _>(after).bind::<BigInt, _>(i64::from(limit));
                query.load(c).await?
            });
            let stored = |row: Found| StoredFingerprint {
                holder: row.id.0,
                destination: row.destination,
                fingerprint: fingerprint(row.hash, row.key),
            };
            Ok(found.into_iter().map(stored).collect())
        })
        .await
    }

    async fn move_fingerprints(&self, method: Method, moves: &[FingerprintMove]) -> Result<u64, StoreError> {
        let moves = moves.to_vec();
        self.detached(move |db| async move {
            with_tx!(
                &db,
                pg | c | move_on_postgres(c, method, &moves).await,
                sqlite | c | move_on_sqlite(c, method, &moves).await
            )
        })
        .await
    }

    async fn record_successor_key(&self, key: KeyId, limit: u16) -> Result<u64, StoreError> {
        self.detached(move |db| async move {
            const WITHOUT: &str = "FROM refresh_tokens WHERE successor_key IS NULL AND superseded_at IS NULL LIMIT $2";
            let (key, limit) = (key_column(key), i64::from(limit));
            let recorded = with_tx!(
                &db,
                pg | c | {
                    let text = format!(
                        "UPDATE refresh_tokens SET successor_key = $1 \
                         WHERE ctid = ANY (ARRAY(SELECT ctid {WITHOUT} FOR UPDATE SKIP LOCKED))"
                    );
                    let update = diesel::sql_query(text).bind::<Integer, _>(key).bind::<BigInt, _>(limit);
                    Ok(update.execute(c).await?)
                },
                sqlite | c | {
                    let text =
                        format!("UPDATE refresh_tokens SET successor_key = $1 WHERE hash IN (SELECT hash {WITHOUT})");
                    let update = diesel::sql_query(text).bind::<Integer, _>(key).bind::<BigInt, _>(limit);
                    Ok(update.execute(c).await?)
                }
            )?;
            Ok::<_, DbError>(recorded as u64)
        })
        .await
    }

    async fn count_by_key(&self, at: OffsetDateTime) -> Result<Vec<KeyCount>, StoreError> {
        let at = Ts::from(at);
        self.reading(move |db| async move {
            let counted: Vec<Counted> =
                with_conn!(&db, |c| diesel::sql_query(counts()).bind::<Instant, _>(at).load(c).await?);
            let count = |row: Counted| {
                let rows = kind(&row.kind).ok_or_else(|| DbError::inconsistent("users", "a count of no known kind"))?;
                Ok(KeyCount { rows, key: row.key.map(key_id), count: row.number.unsigned_abs() })
            };
            counted.into_iter().map(count).collect()
        })
        .await
    }
}

/// `$1` to `$4` are the new hash, its key, the holder, and the old hash.
macro_rules! statement {
    ($text:expr, $one:expr) => {{
        let FingerprintMove { holder, from, to } = *$one;
        diesel::sql_query($text)
            .bind::<Binary, _>(Hash::from(to))
            .bind::<Nullable<Integer>, _>(to.key.map(key_column))
            .bind::<Id, _>(DbId(holder))
            .bind::<Binary, _>(Hash::from(from))
    }};
}

impl Columns {
    /// Moves one holder's own fingerprint.
    fn move_own(&self, one: &FingerprintMove) -> String {
        let Self { table, hash, key, with_hash, .. } = self;
        let with_hash = if one.from == one.to { "" } else { with_hash };
        format!("UPDATE {table} SET {hash} = $1, {key} = $2{with_hash} WHERE id = $3 AND {hash} = $4")
    }
}

/// Moves a person's proof of the same destination.
fn move_proof(method: Method) -> String {
    let method = method.as_str();
    format!(
        "UPDATE proofs SET fingerprint = $1, fingerprint_key = $2 \
         WHERE user_id = $3 AND fingerprint = $4 AND method = '{method}'"
    )
}

/// One person's fingerprint and proof in one statement, so that the triggers on both see the end of it, and `users.reach`
/// is not written twice. The person is locked before: else a proof that somebody else was just writing would be missed.
#[cfg(feature = "postgres")]
async fn move_on_postgres(
    c: &mut crate::db::PgConn,
    method: Method,
    moves: &[FingerprintMove],
) -> Result<u64, DbError> {
    let columns = columns(method);
    if method != Method::Push {
        c.lock_people(moves.iter().map(|one| DbId(one.holder)).collect()).await?;
    }
    let mut count = 0;
    for one in moves {
        let own = columns.move_own(one);
        count += if method == Method::Push {
            statement!(own, one).execute(c).await?
        } else {
            let proof = move_proof(method);
            let both = format!(
                "WITH own AS ({own} RETURNING id), proof AS ({proof} AND EXISTS (SELECT FROM own)) \
                 SELECT id FROM own"
            );
            let rows: Vec<Moved> = statement!(both, one).load(c).await?;
            rows.len()
        };
    }
    Ok(count as u64)
}

#[cfg(feature = "postgres")]
#[derive(QueryableByName)]
struct Moved {
    #[expect(dead_code, reason = "that there is a row says all")]
    #[diesel(sql_type = Id)]
    id: DbId,
}

/// Nobody else writes meanwhile.
#[cfg(feature = "sqlite")]
async fn move_on_sqlite(
    c: &mut crate::db::SqliteConn,
    method: Method,
    moves: &[FingerprintMove],
) -> Result<u64, DbError> {
    let columns = columns(method);
    let mut count = 0;
    for one in moves {
        let own = statement!(columns.move_own(one), one).execute(c).await?;
        if own > 0 && method != Method::Push {
            statement!(move_proof(method), one).execute(c).await?;
        }
        count += own as u64;
    }
    Ok(count)
}
