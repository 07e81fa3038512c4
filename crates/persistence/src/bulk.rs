//! Writing many rows with few statements.

#[cfg(feature = "sqlite")]
use diesel::RunQueryDsl;
#[cfg(feature = "postgres")]
use diesel_async::RunQueryDsl as AsyncRunQueryDsl;

use crate::error::DbError;
use crate::rows::{AuditRow, MemberRow, NoticeRow};
use crate::schema::{audit_events, notices, team_members};
#[cfg(feature = "postgres")]
use crate::types::Id;
use crate::types::{DbId, Hash};

/// How many ids a statement names at the most: SQLite takes 32,766 values.
pub(crate) const IDS: usize = 10_000;

/// How many rows one statement inserts at the most: PostgreSQL takes 65,535 values, and has to make out each.
#[cfg(feature = "postgres")]
const ROWS: usize = 1_000;

macro_rules! bulk {
    ($($(#[$doc:meta])* fn $name:ident($row:ty) -> $table:ident;)*) => {
        pub(crate) trait Bulk {
            $($(#[$doc])* async fn $name(&mut self, rows: Vec<$row>) -> Result<(), DbError>;)*
        }

        #[cfg(feature = "postgres")]
        impl Bulk for crate::db::PgConn {
            $(async fn $name(&mut self, mut rows: Vec<$row>) -> Result<(), DbError> {
                // One row is the rule, and a statement of one row is prepared once for each connection.
                if rows.len() == 1 && let Some(row) = rows.pop() {
                    AsyncRunQueryDsl::execute(diesel::insert_into($table::table).values(row), self).await?;
                }
                for rows in rows.chunks(ROWS) {
                    AsyncRunQueryDsl::execute(diesel::insert_into($table::table).values(rows), self).await?;
                }
                Ok(())
            })*
        }

        /// Nothing travels here, and diesel inserts one row at a time; but each await is a change of threads.
        #[cfg(feature = "sqlite")]
        impl Bulk for crate::db::SqliteConn {
            $(async fn $name(&mut self, rows: Vec<$row>) -> Result<(), DbError> {
                let inserted = self.spawn_blocking(move |connection| {
                    rows.into_iter().try_for_each(|row| {
                        RunQueryDsl::execute(diesel::insert_into($table::table).values(row), connection).map(drop)
                    })
                });
                Ok(inserted.await?)
            })*
        }
    };
}

bulk! {
    /// Adds audit records.
    fn insert_records(AuditRow) -> audit_events;

    /// Adds notices.
    fn insert_notices(NoticeRow) -> notices;

    /// Adds places in teams.
    fn insert_members(MemberRow) -> team_members;
}

pub(crate) trait SealRecords {
    /// Gives audit records their seals, the key of these and places, the first one's behind `last`. How many were there and had none.
    async fn seal_records(&mut self, last: i64, seals: Vec<(DbId, Hash)>, key: i32) -> Result<usize, DbError>;
}

#[cfg(feature = "postgres")]
impl SealRecords for crate::db::PgConn {
    async fn seal_records(&mut self, last: i64, seals: Vec<(DbId, Hash)>, key: i32) -> Result<usize, DbError> {
        use diesel::sql_types::{Array, BigInt, Binary, Integer};

        // Each record by its key, however many there are: were the arrays not hidden behind `SELECT`, their length would
        // make PostgreSQL read all records that wait.
        const SEAL: &str = "UPDATE audit_events SET position = $1 + given.place, seal = given.seal, seal_key = $4 \
            FROM unnest((SELECT $2), (SELECT $3)) WITH ORDINALITY AS given (id, seal, place) \
            WHERE audit_events.id = given.id AND audit_events.position IS NULL";
        let (ids, seals): (Vec<DbId>, Vec<Hash>) = seals.into_iter().unzip();
        let seal = diesel::sql_query(SEAL).bind::<BigInt, _>(last);
        let seal = seal.bind::<Array<Id>, _>(ids).bind::<Array<Binary>, _>(seals).bind::<Integer, _>(key);
        Ok(AsyncRunQueryDsl::execute(seal, self).await?)
    }
}

#[cfg(feature = "sqlite")]
impl SealRecords for crate::db::SqliteConn {
    async fn seal_records(&mut self, last: i64, seals: Vec<(DbId, Hash)>, key: i32) -> Result<usize, DbError> {
        use diesel::prelude::*;

        let sealed = self.spawn_blocking(move |connection| {
            let mut sealed = 0;
            for (position, (id, seal)) in (last + 1..).zip(seals) {
                let record = audit_events::table.find(id).filter(audit_events::position.is_null());
                let sealed_with = audit_events::seal_key.eq(key);
                let place = (audit_events::position.eq(position), audit_events::seal.eq(seal), sealed_with);
                sealed += RunQueryDsl::execute(diesel::update(record).set(place), connection)?;
            }
            Ok(sealed)
        });
        Ok(sealed.await?)
    }
}
