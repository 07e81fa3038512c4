use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::access::Action;
use muster_domain::user::{Role, UserQuery};
use muster_domain::{TeamId, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::authentication::Caller;
use crate::cursor;
use crate::input::{Limited, next_link, query};
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::{PageView, UserSummaryView};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// Only people in whose user name, display name or e-mail address this is.
    #[param(value_type = Option<schemas::Text200>, example = "grace")]
    q: Option<Text<200>>,
    /// Only people with this role.
    #[param(value_type = Option<schemas::Role>)]
    role: Option<Role>,
    /// Only people who are active, or who are not.
    active: Option<bool>,
    /// Only members of this team.
    #[param(value_type = Option<schemas::Id>)]
    team_id: Option<TeamId>,
    /// Only people who can be on call, or who cannot.
    can_be_on_call: Option<bool>,
    /// How many on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limited>,
    /// The `nextCursor` of the page before.
    #[param(min_length = 1, max_length = 2048, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

/// `GET /api/users`: people by user name, a page at a time, for an admin or a service that reads people.
#[utoipa::path(
    get, path = "/api/users", tag = "users", operation_id = "listUsers",
    summary = "People by user name",
    description = "For an admin or a service that reads people.",
    params(Filters),
    responses((
        status = 200, description = "A page of people", body = PageView<UserSummaryView>,
        headers(("Link" = String))
    )),
    security(("person" = []), ("apiKey" = ["users:read"]))
)]
pub(super) async fn list_users(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.may(Action::ListUsers)?;
    let filters: Filters = query(&request)?;
    let query = UserQuery {
        search: filters.q.map(String::from),
        role: filters.role,
        active: filters.active,
        team: filters.team_id,
        required: api.channels,
        can_be_on_call: filters.can_be_on_call,
        after: filters.cursor.as_deref().map(cursor::parse_user).transpose()?,
        limit: filters.limit.unwrap_or_default().0,
    };
    let page = api.users.list(&query).await?;
    let next_cursor = page.next.as_ref().map(cursor::of_user);
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = &next_cursor {
        response.insert_header((header::LINK, next_link(&request, cursor)));
    }
    Ok(response.json(PageView { items: page.items.into_iter().map(UserSummaryView::from).collect(), next_cursor }))
}
