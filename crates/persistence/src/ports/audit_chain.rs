use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::audit::AuditEvent;
use muster_domain::audit::chain::{AuditChain, ChainMark, ChainMarks, Forgetting, SealedRecord, Sealing, Unsealed};

use crate::Store;
use crate::bulk::SealRecords;
use crate::db::{on_both, with_conn, with_snapshot, with_tx};
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::record::Record;
use crate::rows::{AuditRow, MarkRow, SealedRow, place};
use crate::schema::{audit_chain, audit_events};
use crate::types::{DbId, key_column};

const START: &str = "start";
const HEAD: &str = "head";

#[async_trait]
impl AuditChain for Store {
    async fn marks(&self) -> Result<ChainMarks, StoreError> {
        self.reading(|db| async move {
            let rows: Vec<MarkRow> =
                with_conn!(&db, |c| audit_chain::table.select(MarkRow::as_select()).load(c).await?);
            let mut marks = ChainMarks::default();
            for row in rows {
                match row.mark.as_str() {
                    START => marks.start = Some(row.try_into()?),
                    HEAD => marks.head = Some(row.try_into()?),
                    _ => return Err(DbError::inconsistent("audit_chain", "mark is none of its known names")),
                }
            }
            Ok(marks)
        })
        .await
    }

    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        self.reading(move |db| async move {
            with_snapshot!(&db, |c| {
                let head = audit_chain::table.find(HEAD).select(MarkRow::as_select()).one(c).await.optional()?;
                let records: Vec<AuditRow> = audit_events::table
                    .filter(audit_events::position.is_null())
                    .order((audit_events::position, audit_events::at, audit_events::id))
                    .limit(i64::from(limit))
                    .select(AuditRow::as_select())
                    .load(c)
                    .await?;
                Ok(Unsealed {
                    head: head.map(ChainMark::try_from).transpose()?,
                    records: records.into_iter().map(AuditEvent::try_from).collect::<Result<_, _>>()?,
                })
            })
        })
        .await
    }

    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let after = sealing.after.map(|mark| MarkRow::new(HEAD, &mark));
        let head = MarkRow::new(HEAD, &sealing.head);
        let last = sealing.after.map_or(0, |mark| place(mark.position));
        let key = key_column(sealing.key);
        let seals: Vec<_> = sealing.seals.iter().map(|(id, hash)| (DbId::from(*id), (*hash).into())).collect();
        self.detached(move |db| async move {
            let sealed = with_tx!(&db, |c| {
                // Whoever else seals after the same end waits here, and then finds another end.
                if !c.move_mark(after, head).await? {
                    return Ok(false);
                }
                let given = seals.len();
                if c.seal_records(last, seals, key).await? == given { Ok(true) } else { Err(DbError::Unsealable) }
            });
            match sealed {
                Err(DbError::Unsealable) => Ok(false),
                sealed => sealed,
            }
        })
        .await
    }

    async fn sealed(&self, position: u64, limit: u16) -> Result<Vec<SealedRecord>, StoreError> {
        self.reading(move |db| async move {
            let rows: Vec<SealedRow> = with_conn!(&db, |c| {
                let later = audit_events::table.filter(audit_events::position.gt(place(position)));
                let next_first = later.order(audit_events::position).limit(i64::from(limit));
                next_first.select(SealedRow::as_select()).load(c).await?
            });
            rows.into_iter().map(SealedRecord::try_from).collect()
        })
        .await
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let after = forgetting.after.map(|mark| MarkRow::new(START, &mark));
        let start = MarkRow::new(START, &forgetting.start);
        let event = [forgetting.event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let gone = audit_events::table.filter(audit_events::position.le(start.position));
                if !c.move_mark(after, start).await? {
                    return Ok(false);
                }
                diesel::delete(gone).execute(c).await?;
                c.record(&event).await?;
                Ok(true)
            })
        })
        .await
    }
}

on_both! {
    trait Marks {
        /// Moves an end of the chain and locks it, if it is where it is thought to be.
        async fn move_mark(conn, from: Option<MarkRow>, to: MarkRow) -> bool {
            let moved = match from {
                None => {
                    diesel::insert_into(audit_chain::table).values(to).on_conflict_do_nothing().execute(conn).await?
                }
                Some(from) => {
                    let there = audit_chain::table
                        .find(from.mark)
                        .filter(audit_chain::position.eq(from.position))
                        .filter(audit_chain::seal.eq(from.seal).and(audit_chain::mac.eq(from.mac)));
                    diesel::update(there).set(to).execute(conn).await?
                }
            };
            Ok(moved == 1)
        }
    }
}
