//! Holding back one client's deactivations. The row of its brake is locked before anything is counted, so that those of
//! one client come one by one.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{Brake, EngagedBrake};

use crate::db::{Db, on_both, with_conn, with_tx};
use crate::delivered;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::record::Record;
use crate::schema::{directory_brakes, directory_deactivations, users};
use crate::types::{DbId, Ts};

/// A client's brake, locked: when it was last released, and whether it is engaged.
#[derive(Clone, Copy)]
pub(super) struct HeldBrake {
    released_at: Option<Ts>,
    is_engaged: bool,
}

on_both! {
    trait Brakes {
        /// Locks a client's brake until the transaction ends. Comes before every other lock.
        async fn hold_brake(conn, client: &str) -> HeldBrake {
            let row: (Option<Ts>, Option<Ts>) = diesel::insert_into(directory_brakes::table)
                .values(directory_brakes::client.eq(client))
                .on_conflict(directory_brakes::client)
                .do_update()
                .set(directory_brakes::client.eq(excluded(directory_brakes::client)))
                .returning((directory_brakes::released_at, directory_brakes::engaged_at))
                .one(conn)
                .await?;
            let (released_at, engaged_at) = row;
            Ok(HeldBrake { released_at, is_engaged: engaged_at.is_some() })
        }

        /// Whether the deactivation of somebody active, whose row is locked, gets past a brake that is held. It is
        /// counted, or what is due of its records is written.
        async fn passes(conn, brake: &Brake, held: HeldBrake, id: DbId, at: Ts) -> bool {
            let refused = held.is_engaged || !conn.is_within(brake, held, id).await?;
            let row = (
                directory_deactivations::client.eq(&brake.client),
                directory_deactivations::user_id.eq(id),
                directory_deactivations::refused.eq(refused),
                directory_deactivations::at.eq(at),
            );
            let insert = diesel::insert_into(directory_deactivations::table).values(row);
            if !refused {
                insert
                    .on_conflict((
                        directory_deactivations::client,
                        directory_deactivations::user_id,
                        directory_deactivations::refused,
                    ))
                    .do_update()
                    .set(directory_deactivations::at.eq(at))
                    .execute(conn)
                    .await?;
                return Ok(true);
            }
            if !held.is_engaged {
                let own = directory_brakes::table.find(&brake.client);
                diesel::update(own).set(directory_brakes::engaged_at.eq(at)).execute(conn).await?;
                conn.record(std::slice::from_ref(&brake.engaged)).await?;
            }
            if insert.on_conflict_do_nothing().execute(conn).await? == 1 {
                conn.record(std::slice::from_ref(&brake.refused)).await?;
            }
            Ok(false)
        }

        /// Whether one more is not too many.
        async fn is_within(conn, brake: &Brake, held: HeldBrake, id: DbId) -> bool {
            let since = Ts::from(brake.since);
            let others = directory_deactivations::table
                .filter(directory_deactivations::client.eq(&brake.client))
                .filter(directory_deactivations::refused.eq(false))
                .filter(directory_deactivations::at.gt(held.released_at.map_or(since, |released| released.max(since))))
                .filter(directory_deactivations::user_id.ne(id));
            let counted = others.count().one::<i64>(conn).await?.unsigned_abs() + 1;
            if counted <= brake.policy.free.into() {
                return Ok(true);
            }
            let is_active = delivered::person().and(users::active);
            let was_there = users::created_at.le(since);
            let active: i64 = users::table.filter(is_active.and(was_there)).count().one(conn).await?;
            let gone: i64 = others
                .inner_join(users::table.on(users::id.eq(directory_deactivations::user_id)))
                .filter(diesel::dsl::not(is_active).and(was_there))
                .count()
                .one(conn)
                .await?;
            Ok(counted <= Brake::allowed(brake.policy, (active + gone).unsigned_abs()))
        }
    }
}

pub(super) async fn engaged_brakes(db: Db) -> Result<Vec<EngagedBrake>, DbError> {
    let refused = directory_deactivations::table
        .filter(directory_deactivations::client.eq(directory_brakes::client))
        .filter(directory_deactivations::refused)
        .count()
        .single_value();
    let engaged = directory_brakes::table.filter(directory_brakes::engaged_at.is_not_null()).select((
        directory_brakes::client,
        directory_brakes::engaged_at.assume_not_null(),
        refused,
    ));
    let rows: Vec<(String, Ts, Option<i64>)> = with_conn!(&db, |c| engaged.load(c).await?);
    let mut brakes: Vec<EngagedBrake> = rows
        .into_iter()
        .map(|(client, since, refused)| EngagedBrake {
            client,
            since: since.into(),
            refused: refused.unwrap_or(0).unsigned_abs(),
        })
        .collect();
    brakes.sort_by(|one, other| one.client.cmp(&other.client));
    Ok(brakes)
}

pub(super) async fn release_brake(db: Db, client: String, at: Ts, event: [AuditEvent; 1]) -> Result<bool, DbError> {
    with_tx!(&db, |c| {
        let engaged = directory_brakes::table.find(&client).filter(directory_brakes::engaged_at.is_not_null());
        let release = (directory_brakes::engaged_at.eq(None::<Ts>), directory_brakes::released_at.eq(at));
        if diesel::update(engaged).set(release).execute(c).await? == 0 {
            return Ok(false);
        }
        let counted = directory_deactivations::table.filter(directory_deactivations::client.eq(&client));
        diesel::delete(counted).execute(c).await?;
        c.record(&event).await?;
        Ok(true)
    })
}
