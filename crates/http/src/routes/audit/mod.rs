//! The audit trail.

mod export_audit;
mod list_audit;
mod list_user_audit;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::audit::{Actor, AuditEvent, AuditKey, AuditQuery};
use muster_domain::page::Page;
use muster_domain::{AuditId, Text, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{Endpoint, endpoint};
use crate::cursor;
use crate::input::{Limited, Timestamp, next_link};
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::PageView;

#[derive(OpenApi)]
#[openapi(
    paths(list_audit::list_audit, export_audit::export_audit, list_user_audit::list_user_audit),
    components(schemas(schemas::AuditArea))
)]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/api/audit", [(Method::GET, web::to(list_audit::list_audit))]),
        endpoint("/api/audit/export", [(Method::GET, web::to(export_audit::export_audit))]),
        endpoint("/api/users/{id}/audit", [(Method::GET, web::to(list_user_audit::list_user_audit))]),
    ]
}

/// Which records are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only records about this person.
    #[param(value_type = Option<schemas::Id>)]
    user_id: Option<UserId>,
    /// Only records of what this person did.
    #[param(value_type = Option<schemas::Id>)]
    actor_id: Option<UserId>,
    /// Only records with exactly this action.
    #[param(value_type = Option<schemas::Text100>, example = "role.changed")]
    action: Option<Text<100>>,
    /// Only records at or after this time.
    #[param(value_type = Option<schemas::Time>)]
    from: Option<Timestamp>,
    /// Only records before this time.
    #[param(value_type = Option<schemas::Time>)]
    to: Option<Timestamp>,
    /// How many on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limited>,
    /// The `nextCursor` of the page before.
    #[param(min_length = 1, max_length = 2048, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

impl Filters {
    fn query(self) -> Result<AuditQuery, Problem> {
        Ok(AuditQuery {
            subject: self.user_id,
            actor: self.actor_id,
            action: self.action.map(String::from),
            area: None,
            from: self.from.map(|Timestamp(at)| at),
            to: self.to.map(|Timestamp(at)| at),
            after: self.cursor.as_deref().map(cursor::parse_audit).transpose()?,
            limit: self.limit.unwrap_or_default().0,
        })
    }
}

/// One record, as the list and the exports show it, that of the command line too.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditRecord)]
pub struct AuditEventView {
    #[schema(value_type = schemas::Id)]
    id: AuditId,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    at: OffsetDateTime,
    #[schema(value_type = schemas::Action)]
    action: String,
    #[schema(value_type = schemas::Actor)]
    actor: Actor,
    /// Whom it is about, when it is about somebody.
    #[schema(value_type = Option<schemas::Id>, required = true)]
    user_id: Option<UserId>,
    #[schema(value_type = schemas::AuditDetails)]
    details: Value,
    /// The client's address.
    #[schema(required = true, examples("203.0.113.7"))]
    ip: Option<String>,
    /// The client's `User-Agent`, cut at 256 characters.
    #[schema(required = true, max_length = 256, examples("curl/8.5.0"))]
    user_agent: Option<String>,
    /// The request's id, as in `x-request-id`.
    #[schema(required = true, examples("019aabc4-7c4b-7a51-9d0b-6f0d7f0f9a10"))]
    request_id: Option<String>,
}

/// The answer with one page, whose header `Link` has the next one.
fn page_of(request: &HttpRequest, page: Page<AuditEvent, AuditKey>) -> HttpResponse {
    let next_cursor = page.next.as_ref().map(cursor::of_audit);
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = &next_cursor {
        response.insert_header((header::LINK, next_link(request, cursor)));
    }
    response.json(PageView { items: page.items.into_iter().map(AuditEventView::from).collect(), next_cursor })
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
