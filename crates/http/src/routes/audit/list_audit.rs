use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::access::Action;
use muster_domain::audit::AuditKey;
use muster_domain::page::Page;

use super::{AuditEventView, Filters, page_of};
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::query;
use crate::problem::Problem;
use crate::views::PageView;

/// `GET /api/audit`: the records that match, newest first, a page at a time.
#[utoipa::path(
    get, path = "/api/audit", tag = "audit", operation_id = "listAudit",
    summary = "The records that match, newest first",
    description = "For an admin or a service that reads the audit trail.",
    params(Filters),
    responses((
        status = 200, description = "A page of records", body = PageView<AuditEventView>, headers(("Link" = String))
    )),
    security(("person" = []), ("apiKey" = ["audit:read"]))
)]
pub(super) async fn list_audit(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.may(Action::ReadAudit)?;
    let query = query::<Filters>(&request)?.query()?;
    let page = Page::from_one_more(api.audit.list(&query).await?, query.limit, AuditKey::of);
    Ok(page_of(&request, page))
}
