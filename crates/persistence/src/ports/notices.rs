use async_trait::async_trait;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::notice::{Due, Notice, NoticeStore};
use muster_domain::{NoticeId, StoreError};
use time::OffsetDateTime;

use crate::Store;
use crate::bulk::IDS;
use crate::db::{on_both, with_tx};
use crate::error::DbError;
use crate::record::Record;
use crate::rows::NoticeRow;
use crate::schema::notices;
use crate::types::{DbId, Ts};

#[async_trait]
impl NoticeStore for Store {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        let (now, again_at, limit) = (Ts::from(due.now), Ts::from(due.again_at), i64::from(due.limit));
        self.detached(move |db| async move {
            let waiting =
                notices::table.filter(notices::due_at.le(now)).order((notices::due_at, notices::id)).limit(limit);
            let taken = with_tx!(
                &db,
                pg | c | {
                    // What another server is claiming is not waited for.
                    let rows = waiting.select(NoticeRow::as_select()).for_no_key_update().skip_locked().load(c).await?;
                    c.take(rows, again_at).await
                },
                sqlite | c | {
                    let rows = waiting.select(NoticeRow::as_select()).load(c).await?;
                    c.take(rows, again_at).await
                }
            )?;
            readable(taken)
        })
        .await
    }

    async fn finish(&self, id: NoticeId, events: &[AuditEvent]) -> Result<(), StoreError> {
        let id = DbId::from(id);
        let events = events.to_vec();
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                if diesel::delete(notices::table.find(id)).execute(c).await? == 1 {
                    c.record(&events).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn postpone(&self, id: NoticeId, at: OffsetDateTime) -> Result<(), StoreError> {
        let (id, at) = (DbId::from(id), Ts::from(at));
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                diesel::update(notices::table.find(id)).set(notices::due_at.eq(at)).execute(c).await?;
                Ok(())
            })
        })
        .await
    }
}

on_both! {
    trait Claiming {
        /// Takes on notices whose rows are locked, and returns those rows.
        async fn take(conn, rows: Vec<NoticeRow>, again_at: Ts) -> Vec<NoticeRow> {
            let ids: Vec<DbId> = rows.iter().map(|row| row.id).collect();
            // The count of one that nobody can read, and so nobody finishes, ends at the most that the table holds.
            let most = i32::from(u16::MAX);
            let attempts = case_when(notices::attempts.between(0, most - 1), notices::attempts + 1).otherwise(most);
            for ids in ids.chunks(IDS) {
                diesel::update(notices::table.filter(notices::id.eq_any(ids)))
                    .set((notices::attempts.eq(attempts), notices::due_at.eq(again_at)))
                    .execute(conn)
                    .await?;
            }
            Ok(rows)
        }
    }
}

/// Those that can be read, with one more attempt. What cannot be is the error only when it is all that there is, and then
/// after the transaction: it waits for `again_at` like the others, and does not come before them each time.
fn readable(rows: Vec<NoticeRow>) -> Result<Vec<Notice>, DbError> {
    let (mut notices, mut broken) = (Vec::new(), None);
    for row in rows {
        match Notice::try_from(row) {
            Ok(before) => notices.push(Notice { attempts: before.attempts.saturating_add(1), ..before }),
            Err(error) => broken = Some(error),
        }
    }
    match broken {
        Some(error) if notices.is_empty() => Err(error),
        _ => Ok(notices),
    }
}
