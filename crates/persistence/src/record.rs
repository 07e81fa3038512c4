//! Writing audit records, in the transaction of what they record.

use muster_domain::audit::AuditEvent;

use crate::bulk::Bulk;
use crate::db::on_both;
use crate::rows::AuditRow;

on_both! {
    trait Record {
        /// Writes what happened.
        async fn record(conn, events: &[AuditEvent]) -> () {
            conn.insert_records(events.iter().map(AuditRow::from).collect()).await
        }
    }
}
