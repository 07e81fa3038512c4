//! The audit trail.

mod export_audit;
mod list_audit;

use actix_web::http::Method;
use actix_web::web;
use muster_domain::audit::{Actor, AuditEvent, AuditQuery};
use muster_domain::{AuditId, Text, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::{Endpoint, endpoint};
use crate::cursor;
use crate::input::{Limited, Timestamp};
use crate::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/api/audit", [(Method::GET, web::to(list_audit::list_audit))]),
        endpoint("/api/audit/export", [(Method::GET, web::to(export_audit::export_audit))]),
    ]
}

/// Which records are asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filters {
    user_id: Option<UserId>,
    actor_id: Option<UserId>,
    action: Option<Text<100>>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: Option<Limited>,
    cursor: Option<String>,
}

impl Filters {
    fn query(self) -> Result<AuditQuery, Problem> {
        Ok(AuditQuery {
            subject: self.user_id,
            actor: self.actor_id,
            action: self.action.map(String::from),
            from: self.from.map(|Timestamp(at)| at),
            to: self.to.map(|Timestamp(at)| at),
            after: self.cursor.as_deref().map(cursor::parse_audit).transpose()?,
            limit: self.limit.unwrap_or_default().0,
        })
    }
}

/// One record, as the list and the exports show it, that of the command line too.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEventView {
    id: AuditId,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    action: String,
    actor: Actor,
    user_id: Option<UserId>,
    details: Value,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl From<AuditEvent> for AuditEventView {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            action: event.action,
            actor: event.origin.actor,
            user_id: event.subject,
            details: event.details,
            ip: event.origin.ip.map(|ip| ip.to_string()),
            user_agent: event.origin.user_agent,
            request_id: event.origin.request_id,
        }
    }
}
