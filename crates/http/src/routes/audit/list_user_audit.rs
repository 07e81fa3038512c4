use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::Text;
use muster_domain::access::Action;
use muster_domain::audit::{AuditArea, AuditKey, AuditQuery};
use muster_domain::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{AuditEventView, page_of};
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Limited, Timestamp, path_id, query};
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::PageView;

/// Which of the person's records are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only records of this area: `channels` are codes, proofs made and lost, devices, and what the directory changed of the
    /// person, contacts among it.
    #[param(value_type = Option<schemas::AuditArea>)]
    area: Option<AuditArea>,
    /// Only records with exactly this action.
    #[param(value_type = Option<schemas::Text100>, example = "contact.verification.lost")]
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

/// `GET /api/users/{id}/audit`: the audit records about one person, newest first, a page at a time, for whom the profile is
/// too, but for services, which need `audit:read`.
#[utoipa::path(
    get, path = "/api/users/{id}/audit", tag = "audit", operation_id = "listUserAudit",
    summary = "The records about a person, newest first",
    description = "For themselves, an admin of a team that they are in, an admin of the platform, or a service that \
        reads the audit trail. Anyone else gets 403 whether or not the person exists. To a reader who is no admin of \
        the platform, `ip` and `userAgent` are null in records of what others did; their own, and what somebody \
        without a valid credential did to them, has both.",
    params(("id" = schemas::Id, Path, description = "Whose"), Filters),
    responses((
        status = 200, description = "A page of records", body = PageView<AuditEventView>, headers(("Link" = String))
    )),
    security(("person" = []), ("apiKey" = ["audit:read"])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn list_user_audit(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = caller.may_about(&api, path_id(&request), Action::ReadUserAudit).await?;
    let filters: Filters = query(&request)?;
    let Filters { area, action, from, to, limit, cursor } = filters;
    let of_all = super::Filters { user_id: Some(id), actor_id: None, action, from, to, limit, cursor };
    let query = AuditQuery { area, ..of_all.query()? };
    let events = api.audit.list(&query).await?;
    // Who has records is on record: one read is enough where there are any.
    if events.is_empty() && !api.users.exists(id).await? {
        return Err(Problem::not_found("user"));
    }
    let events = events.into_iter().map(|event| caller.principal.show(event)).collect();
    Ok(page_of(&request, Page::from_one_more(events, query.limit, AuditKey::of)))
}
