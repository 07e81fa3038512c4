use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{TryStreamExt, stream};
use muster_domain::access::Action;
use muster_domain::audit::{AuditEvent, AuditKey, AuditQuery, AuditReader};
use muster_domain::page::{Limit, Page};
use muster_domain::{StoreError, with_causes};

use super::{AuditEventView, Filters};
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::query;
use crate::openapi::schemas;
use crate::problem::Problem;

/// Where an export is: what to write next, and how to read what follows.
struct Step {
    page: Page<AuditEvent, AuditKey>,
    query: AuditQuery,
}

/// `GET /api/audit/export`: every record that matches, newest first, one JSON object a line. Memory holds a page at a
/// time. Should the store fail midway, the connection breaks, so that half an export is not taken for a whole one.
#[utoipa::path(
    get, path = "/api/audit/export", tag = "audit", operation_id = "exportAudit",
    summary = "Every record that matches, newest first",
    description = "For an admin or a service that reads the audit trail. One JSON object a line. Should the store \
        fail midway, the connection breaks, so that half an export is not taken for a whole one.",
    params(
        ("userId" = Option<schemas::Id>, Query, description = "Only records about this person."),
        ("actorId" = Option<schemas::Id>, Query, description = "Only records of what this person did."),
        ("action" = Option<schemas::Text100>, Query, description = "Only records with exactly this action."),
        ("from" = Option<schemas::Time>, Query, description = "Only records at or after this time."),
        ("to" = Option<schemas::Time>, Query, description = "Only records before this time.")
    ),
    responses((
        status = 200, description = "The records, each an `AuditRecord` on a line of its own",
        body = String, content_type = "application/x-ndjson"
    )),
    security(("person" = []), ("apiKey" = ["audit:read"]))
)]
pub(super) async fn export_audit(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.may(Action::ReadAudit)?;
    let filters: Filters = query(&request)?;
    if filters.limit.is_some() || filters.cursor.is_some() {
        let field = if filters.limit.is_some() { "limit" } else { "cursor" };
        return Err(Problem::field(field, "is not for an export, which is always whole"));
    }
    let query = AuditQuery { limit: Limit::LARGEST, ..filters.query()? };
    // The first page is read before the answer begins, so that a store that is down gets its problem.
    let first = Step { page: read_page(&*api.audit, &query).await?, query };
    let lines = stream::try_unfold(Some(first), move |step| {
        let api = api.clone();
        async move {
            let Some(Step { page, query }) = step else { return Ok::<_, ExportError>(None) };
            let next = match page.next {
                None => None,
                Some(key) => {
                    let query = AuditQuery { after: Some(key), ..query };
                    Some(Step { page: read_page(&*api.audit, &query).await?, query })
                }
            };
            Ok(Some((lines(page.items)?, next)))
        }
    });
    // The client sees only that its connection ends.
    let lines = lines.inspect_err(|error| tracing::error!(cause = with_causes(error), "an audit export broke off"));
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines))
}

async fn read_page(audit: &dyn AuditReader, query: &AuditQuery) -> Result<Page<AuditEvent, AuditKey>, StoreError> {
    Ok(Page::from_one_more(audit.list(query).await?, query.limit, AuditKey::of))
}

fn lines(events: Vec<AuditEvent>) -> Result<web::Bytes, serde_json::Error> {
    let mut text = Vec::new();
    for event in events {
        serde_json::to_writer(&mut text, &AuditEventView::from(event))?;
        text.push(b'\n');
    }
    Ok(text.into())
}

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("could not read the next page")]
    Store(#[from] StoreError),
    #[error("could not write a record")]
    Json(#[from] serde_json::Error),
}
