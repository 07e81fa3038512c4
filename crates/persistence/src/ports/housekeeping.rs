//! Removing what has served its time. On PostgreSQL rows that others have locked are left for the next time, so that
//! nothing here waits in a line, and no two servers remove the same. But for refresh tokens, whose index tells their end,
//! tables are read from their beginning until a batch is full: housekeeping itself keeps them small.

use async_trait::async_trait;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{DeviceLoss, Platform};
use muster_domain::housekeeping::{Housekeeping, OldDevice, Stale};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{Db, on_both, with_conn, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::ports::devices::Registering;
use crate::ports::sessions::live;
use crate::record::Record;
use crate::rows::named;
use crate::schema::{devices, refresh_tokens, sessions};
use crate::types::{DbId, Instant, Ts};

/// How many refresh tokens go with the sessions of one transaction.
const TOKENS: i64 = 5_000;

#[async_trait]
impl Housekeeping for Store {
    async fn purge(&self, what: Stale, before: OffsetDateTime, limit: u16) -> Result<u64, StoreError> {
        let (before, limit) = (Ts::from(before), i64::from(limit));
        self.detached(move |db| async move {
            // `$1` is the time.
            let rows = match what {
                Stale::Sessions => return purge_sessions(&db, before, limit).await,
                Stale::Challenges => Rows { table: "challenges", stale: "expires_at < $1 AND resend_after < $1" },
                Stale::RefreshTokens => Rows { table: "refresh_tokens", stale: "superseded_at < $1" },
                Stale::SendCounts => Rows { table: "send_counts", stale: "began_at < $1" },
                Stale::SendRefusals => Rows { table: "send_refusals", stale: "recorded_at < $1" },
                Stale::SignInAttempts => Rows { table: "sign_in_attempts", stale: "began_at < $1" },
                // A brake's release takes those that it refused.
                Stale::Deactivations => Rows { table: "directory_deactivations", stale: "at < $1 AND NOT refused" },
            };
            purge_rows(&db, &rows, before, limit).await
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

/// Which rows of a table have served their time.
struct Rows {
    table: &'static str,
    stale: &'static str,
}

async fn purge_rows(db: &Db, Rows { table, stale }: &Rows, before: Ts, limit: i64) -> Result<u64, DbError> {
    let removed = with_tx!(
        db,
        pg | c | {
            // Chosen once, whatever the plan: `IN` might choose anew for each row. A row that somebody changed since the
            // statement began has moved, and stays.
            let chosen = format!("SELECT ctid FROM {table} WHERE {stale} LIMIT $2 FOR UPDATE SKIP LOCKED");
            let delete = diesel::sql_query(format!("DELETE FROM {table} WHERE ctid = ANY (ARRAY({chosen}))"));
            Ok(delete.bind::<Instant, _>(before).bind::<BigInt, _>(limit).execute(c).await?)
        },
        sqlite | c | {
            let chosen = format!("SELECT rowid FROM {table} WHERE {stale} LIMIT $2");
            let delete = diesel::sql_query(format!("DELETE FROM {table} WHERE rowid IN ({chosen})"));
            Ok(delete.bind::<Instant, _>(before).bind::<BigInt, _>(limit).execute(c).await?)
        }
    )?;
    Ok(removed as u64)
}

/// Each transaction takes [`TOKENS`] refresh tokens at the most: of a session with more, some go in one and the rest,
/// with the session, in another.
async fn purge_sessions(db: &Db, before: Ts, limit: i64) -> Result<u64, DbError> {
    let mut removed = 0;
    loop {
        let (chosen, gone) = with_tx!(db, |c| {
            let dead = c.lock_dead_sessions(before, limit - removed).await?;
            Ok((dead.len(), c.drop_sessions(&dead).await?))
        })?;
        removed += i64::try_from(gone).unwrap_or(i64::MAX);
        if gone == chosen {
            return Ok(removed.unsigned_abs());
        }
    }
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
