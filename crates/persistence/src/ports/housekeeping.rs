//! Removing what has served its time. On PostgreSQL rows that others have locked are left for the next sweep, so that
//! nothing here waits in a line, and no two servers remove the same. Refresh tokens are found by the index of their ends.
//! Other tables are read in the order in which their rows are stored, a part for each batch, from the first row to the
//! last: a search that began at the first row each time would read again what earlier batches left there.

use async_trait::async_trait;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{DeviceLoss, Platform};
use muster_domain::housekeeping::{Bookmark, Housekeeping, OldDevice, Purged, Stale};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{Db, on_both, with_conn, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::ports::devices::Registering;
use crate::ports::sessions::live;
use crate::record::Record;
use crate::rows::named;
use crate::schema::{devices, refresh_tokens, sessions};
use crate::types::{DbId, Id, Instant, Ts};

/// How many refresh tokens go with the sessions of one transaction.
const TOKENS: i64 = 5_000;
/// How many pages of a table one batch reads on PostgreSQL: 8 MiB.
#[cfg(feature = "postgres")]
const PAGES: i64 = 1_024;
/// How many rows of a table one batch reads on SQLite.
#[cfg(feature = "sqlite")]
const ROWS: i64 = 10_000;

#[async_trait]
impl Housekeeping for Store {
    async fn purge(
        &self,
        what: Stale,
        before: OffsetDateTime,
        from: Option<Bookmark>,
        limit: u16,
    ) -> Result<Purged, StoreError> {
        let batch = Batch { before: before.into(), from: from.map(|Bookmark(from)| from), limit: limit.into() };
        self.detached(move |db| async move {
            match what {
                Stale::Sessions => purge_sessions(&db, &batch).await,
                Stale::RefreshTokens => purge_by_time(&db, rows(what), "superseded_at", &batch).await,
                Stale::Challenges
                | Stale::SendCounts
                | Stale::SendRefusals
                | Stale::SignInAttempts
                | Stale::Deactivations => purge_as_stored(&db, rows(what), &batch).await,
            }
        })
        .await
    }

    async fn backlog(&self, what: Stale, before: OffsetDateTime) -> Result<u64, StoreError> {
        let before = Ts::from(before);
        self.reading(move |db| async move {
            let Rows { table, stale } = rows(what);
            let count = diesel::sql_query(format!("SELECT count(*) AS place FROM {table} WHERE {stale}"));
            let count: Place = with_conn!(&db, |c| count.bind::<Instant, _>(before).one(c).await?);
            Ok(count.place.unsigned_abs())
        })
        .await
    }

    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        let (unproven, proven, now) = (Ts::from(unproven), Ts::from(proven), Ts::from(now));
        self.reading(move |db| async move {
            let old_and_unproven = devices::verified_at.is_null().and(devices::last_seen_at.lt(unproven));
            let old_and_proven = devices::verified_at.is_not_null().and(devices::last_seen_at.lt(proven));
            let in_use = sessions::table
                .filter(
                    sessions::device_id.eq(devices::id.nullable()).or(sessions::id.nullable().eq(devices::session_id)),
                )
                .filter(live(now));
            let old = devices::table
                .filter(old_and_unproven.or(old_and_proven))
                .filter(not(exists(in_use)))
                .order((devices::last_seen_at, devices::id))
                .limit(i64::from(limit))
                .select((devices::user_id, devices::id, devices::platform, devices::last_seen_at));
            let rows: Vec<(DbId, DbId, String, Ts)> = with_conn!(&db, |c| old.load(c).await?);
            let device = |(user_id, id, platform, last_seen_at): (DbId, DbId, String, Ts)| {
                Ok(OldDevice {
                    user_id: user_id.into(),
                    id: id.into(),
                    platform: named("devices", "platform", Platform::from_name(&platform))?,
                    last_seen_at: last_seen_at.into(),
                })
            };
            rows.into_iter().map(device).collect()
        })
        .await
    }

    async fn expire_device(
        &self,
        device: &OldDevice,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let (id, owner) = (DbId::from(device.id), DbId::from(device.user_id));
        let (last_seen_at, at) = (Ts::from(device.last_seen_at), Ts::from(at));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                c.lock_user(owner).await?;
                if c.lock_device_as_seen(id, owner, last_seen_at).await?.is_empty() {
                    return Ok(false);
                }
                c.drop_device(id, at, DeviceLoss::Expired).await?;
                c.record(&event).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Which rows of a table have served their time; `$1` is that time.
struct Rows {
    table: &'static str,
    stale: &'static str,
}

fn rows(what: Stale) -> Rows {
    match what {
        Stale::Challenges => Rows { table: "challenges", stale: "expires_at < $1 AND resend_after < $1" },
        Stale::Sessions => Rows { table: "sessions", stale: "(expires_at < $1 OR revoked_at < $1)" },
        Stale::RefreshTokens => Rows { table: "refresh_tokens", stale: "superseded_at < $1" },
        Stale::SendCounts => Rows { table: "send_counts", stale: "began_at < $1" },
        Stale::SendRefusals => Rows { table: "send_refusals", stale: "recorded_at < $1" },
        Stale::SignInAttempts => Rows { table: "sign_in_attempts", stale: "began_at < $1" },
        // A brake's release takes those that it refused.
        Stale::Deactivations => Rows { table: "directory_deactivations", stale: "at < $1 AND NOT refused" },
    }
}

/// What one batch may remove.
#[derive(Clone)]
struct Batch {
    before: Ts,
    /// The page, the row or the time, in microseconds, at which it begins.
    from: Option<i64>,
    limit: i64,
}

impl Batch {
    /// What the batch came to when it took these rows out of a part of a table, behind which the walk goes on at `after`.
    fn came_to(&self, removed: u64, last: Option<i64>, after: Option<i64>) -> Purged {
        let is_full = removed == self.limit.unsigned_abs();
        // There may be more where the last one was.
        let next = if is_full { last } else { after };
        Purged { removed, next: next.map(Bookmark) }
    }
}

/// Where a row is: its page, its number, or its time in microseconds.
#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    place: i64,
}

fn last_of(places: &[Place]) -> Option<i64> {
    places.iter().map(|Place { place }| *place).max()
}

#[derive(QueryableByName)]
struct Dead {
    #[diesel(sql_type = Id)]
    id: DbId,
    #[diesel(sql_type = BigInt)]
    place: i64,
}

/// The part of a table that one batch reads.
struct Part {
    /// Whether a row is in it, as a condition.
    condition: String,
    /// Where the next part begins; `None` when this is the last one.
    after: Option<i64>,
}

trait Parts {
    /// The part that begins there.
    async fn part(&mut self, table: &str, from: Option<i64>) -> Result<Part, DbError>;
}

#[cfg(feature = "postgres")]
impl Parts for crate::db::PgConn {
    async fn part(&mut self, table: &str, from: Option<i64>) -> Result<Part, DbError> {
        let size =
            format!("SELECT pg_relation_size('{table}'::regclass) / current_setting('block_size')::bigint AS place");
        let Place { place: pages } = diesel::sql_query(size).one(self).await?;
        let from = from.unwrap_or(0);
        let end = from.saturating_add(PAGES);
        let condition = format!("ctid >= '({from},0)'::tid AND ctid < '({end},0)'::tid");
        Ok(Part { condition, after: (end < pages).then_some(end) })
    }
}

#[cfg(feature = "sqlite")]
impl Parts for crate::db::SqliteConn {
    async fn part(&mut self, table: &str, from: Option<i64>) -> Result<Part, DbError> {
        let from = from.unwrap_or(i64::MIN);
        let next =
            format!("SELECT rowid AS place FROM {table} WHERE rowid >= {from} ORDER BY rowid LIMIT 1 OFFSET {ROWS}");
        let next: Vec<Place> = diesel::sql_query(next).load(self).await?;
        let after = last_of(&next);
        let condition = match after {
            Some(end) => format!("rowid >= {from} AND rowid < {end}"),
            None => format!("rowid >= {from}"),
        };
        Ok(Part { condition, after })
    }
}

async fn purge_as_stored(db: &Db, Rows { table, stale }: Rows, batch: &Batch) -> Result<Purged, DbError> {
    let (places, after) = with_tx!(
        db,
        pg | c | {
            let Part { condition, after } = c.part(table, batch.from).await?;
            // Chosen once, whatever the plan: `IN` might choose anew for each row. A row that somebody changed since the
            // statement began has moved, and stays.
            let chosen =
                format!("SELECT ctid FROM {table} WHERE {condition} AND {stale} LIMIT $2 FOR UPDATE SKIP LOCKED");
            let delete = diesel::sql_query(format!(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY({chosen})) \
                RETURNING (ctid::text::point)[0]::bigint AS place"
            ));
            let delete = delete.bind::<Instant, _>(batch.before).bind::<BigInt, _>(batch.limit);
            let places: Vec<Place> = delete.load(c).await?;
            Ok((places, after))
        },
        sqlite | c | {
            let Part { condition, after } = c.part(table, batch.from).await?;
            let chosen = format!("SELECT rowid FROM {table} WHERE {condition} AND {stale} ORDER BY rowid LIMIT $2");
            let delete =
                diesel::sql_query(format!("DELETE FROM {table} WHERE rowid IN ({chosen}) RETURNING rowid AS place"));
            let delete = delete.bind::<Instant, _>(batch.before).bind::<BigInt, _>(batch.limit);
            let places: Vec<Place> = delete.load(c).await?;
            Ok((places, after))
        }
    )?;
    Ok(batch.came_to(places.len() as u64, last_of(&places), after))
}

/// In the order of `time`, which has an index. The bookmark spares the next batch the entries of what is gone.
async fn purge_by_time(
    db: &Db,
    Rows { table, stale }: Rows,
    time: &'static str,
    batch: &Batch,
) -> Result<Purged, DbError> {
    let from = Ts::from_micros(batch.from.unwrap_or(0));
    // In the order in which they are bound: SQLite numbers them as it meets them.
    let chosen = format!("{stale} AND {time} >= $2 ORDER BY {time} LIMIT $3");
    let places: Vec<Place> = with_tx!(
        db,
        pg | c | {
            let chosen = format!("SELECT ctid FROM {table} WHERE {chosen} FOR UPDATE SKIP LOCKED");
            let delete = diesel::sql_query(format!(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY({chosen})) \
                RETURNING (extract(epoch FROM {time}) * 1000000)::bigint AS place"
            ));
            let delete = delete.bind::<Instant, _>(batch.before).bind::<Instant, _>(from);
            Ok(delete.bind::<BigInt, _>(batch.limit).load(c).await?)
        },
        sqlite | c | {
            let chosen = format!("SELECT rowid FROM {table} WHERE {chosen}");
            let delete =
                diesel::sql_query(format!("DELETE FROM {table} WHERE rowid IN ({chosen}) RETURNING {time} AS place"));
            let delete = delete.bind::<Instant, _>(batch.before).bind::<Instant, _>(from);
            Ok(delete.bind::<BigInt, _>(batch.limit).load(c).await?)
        }
    )?;
    Ok(batch.came_to(places.len() as u64, last_of(&places), None))
}

/// One transaction, which takes [`TOKENS`] refresh tokens at the most: of sessions with more, the rest goes with the next
/// batches.
async fn purge_sessions(db: &Db, batch: &Batch) -> Result<Purged, DbError> {
    let Rows { table, stale } = rows(Stale::Sessions);
    let (dead, gone, after) = with_tx!(
        db,
        pg | c | {
            let Part { condition, after } = c.part(table, batch.from).await?;
            let dead = format!(
                "SELECT id, (ctid::text::point)[0]::bigint AS place FROM {table} WHERE {condition} AND {stale} \
                LIMIT $2 FOR UPDATE SKIP LOCKED"
            );
            let dead = diesel::sql_query(dead).bind::<Instant, _>(batch.before).bind::<BigInt, _>(batch.limit);
            let dead: Vec<Dead> = dead.load(c).await?;
            let ids: Vec<DbId> = dead.iter().map(|dead| dead.id).collect();
            let gone = c.drop_sessions(&ids).await?;
            Ok((dead, gone, after))
        },
        sqlite | c | {
            let Part { condition, after } = c.part(table, batch.from).await?;
            let dead =
                format!("SELECT id, rowid AS place FROM {table} WHERE {condition} AND {stale} ORDER BY rowid LIMIT $2");
            let dead = diesel::sql_query(dead).bind::<Instant, _>(batch.before).bind::<BigInt, _>(batch.limit);
            let dead: Vec<Dead> = dead.load(c).await?;
            let ids: Vec<DbId> = dead.iter().map(|dead| dead.id).collect();
            let gone = c.drop_sessions(&ids).await?;
            Ok((dead, gone, after))
        }
    )?;
    let removed = gone as u64;
    if gone < dead.len() {
        // Those that are left have tokens.
        let first = dead.iter().map(|dead| dead.place).min();
        return Ok(Purged { removed, next: first.map(Bookmark) });
    }
    Ok(batch.came_to(removed, dead.iter().map(|dead| dead.place).max(), after))
}

on_both! {
    trait Dropping {
        /// Removes refresh tokens of locked sessions, and those sessions that have none left. How many sessions.
        async fn drop_sessions(conn, dead: &[DbId]) -> usize {
            let family = diesel::alias!(refresh_tokens as family);
            let tokens = family
                .filter(family.field(refresh_tokens::session_id).eq_any(dead))
                .limit(TOKENS)
                .select(family.field(refresh_tokens::hash));
            diesel::delete(refresh_tokens::table.filter(refresh_tokens::hash.eq_any(tokens))).execute(conn).await?;
            let left = refresh_tokens::table.filter(refresh_tokens::session_id.eq(sessions::id));
            let empty = sessions::table.filter(sessions::id.eq_any(dead)).filter(not(exists(left)));
            Ok(diesel::delete(empty).execute(conn).await?)
        }
    }
}
