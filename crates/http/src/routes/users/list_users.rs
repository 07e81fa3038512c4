use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::access::Action;
use muster_domain::user::{Role, UserQuery};
use muster_domain::{TeamId, Text};
use serde::Deserialize;

use crate::api::Api;
use crate::authentication::Caller;
use crate::cursor;
use crate::input::{Limited, next_link, query};
use crate::problem::Problem;
use crate::views::{PageView, UserSummaryView};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filters {
    q: Option<Text<200>>,
    role: Option<Role>,
    active: Option<bool>,
    team_id: Option<TeamId>,
    can_be_on_call: Option<bool>,
    limit: Option<Limited>,
    cursor: Option<String>,
}

/// `GET /api/users`: people by user name, a page at a time, for an admin or a service that reads people.
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
