use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::audit::{AuditEvent, AuditKey, AuditQuery, AuditReader};

use crate::Store;
use crate::db::with_conn;
use crate::rows::AuditRow;
use crate::schema::audit_events;
use crate::types::{DbId, Ts};

#[async_trait]
impl AuditReader for Store {
    async fn list(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let query = query.clone();
        self.reading(move |db| async move {
            let rows: Vec<AuditRow> = with_conn!(&db, |c| {
                let mut found = audit_events::table.select(AuditRow::as_select()).into_boxed();
                if let Some(subject) = query.subject {
                    found = found.filter(audit_events::subject.eq(DbId::from(subject)));
                }
                if let Some(actor) = query.actor {
                    found = found.filter(audit_events::actor_id.eq(DbId::from(actor)));
                }
                if let Some(action) = query.action {
                    found = found.filter(audit_events::action.eq(action));
                }
                if let Some(area) = query.area {
                    found = found.filter(audit_events::action.eq_any(area.actions()));
                }
                if let Some(from) = query.from {
                    found = found.filter(audit_events::at.ge(Ts::from(from)));
                }
                if let Some(to) = query.to {
                    found = found.filter(audit_events::at.lt(Ts::from(to)));
                }
                if let Some(AuditKey { at, id }) = query.after {
                    let (at, id) = (Ts::from(at), DbId::from(id));
                    let earlier = audit_events::at.lt(at).or(audit_events::at.eq(at).and(audit_events::id.lt(id)));
                    // Says nothing new, but lets the index start at the right place.
                    found = found.filter(audit_events::at.le(at)).filter(earlier);
                }
                let newest_first = found.order((audit_events::at.desc(), audit_events::id.desc()));
                newest_first.limit(i64::from(query.limit.get()) + 1).load(c).await?
            });
            rows.into_iter().map(AuditEvent::try_from).collect()
        })
        .await
    }
}
