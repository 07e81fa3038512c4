//! Writing audit records, in the transaction of what they record.

use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;

use crate::db::on_both;
use crate::rows::AuditRow;
use crate::schema::audit_events;

on_both! {
    trait Record {
        /// Writes what happened.
        async fn record(conn, events: &[AuditEvent]) -> () {
            for event in events {
                let row = AuditRow::from(event);
                diesel::insert_into(audit_events::table).values(row).execute(conn).await?;
            }
            Ok(())
        }
    }
}
