use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::TeamId;
use muster_domain::access::Action;
use muster_domain::team::{TeamQuery, TeamSummary};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::authentication::Caller;
use crate::cursor;
use crate::input::{Limited, next_link, query};
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::PageView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// How many on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limited>,
    /// The `nextCursor` of the page before.
    #[param(min_length = 1, max_length = 2048, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

/// A team, as lists show it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TeamSummary)]
struct TeamSummaryView {
    #[schema(value_type = schemas::Id)]
    id: TeamId,
    #[schema(examples("Platform"))]
    name: String,
    /// Whether its members come from a group of the directory.
    synced_from_directory: bool,
    #[schema(minimum = 0, examples(2))]
    member_count: u64,
    /// How many of them can be on call.
    #[schema(minimum = 0, examples(1))]
    on_call_count: u64,
}

impl From<TeamSummary> for TeamSummaryView {
    fn from(team: TeamSummary) -> Self {
        Self {
            id: team.id,
            name: team.name,
            synced_from_directory: team.synced_from_directory,
            member_count: team.members,
            on_call_count: team.can_be_on_call,
        }
    }
}

/// `GET /api/teams`: teams by name, a page at a time, for everybody.
#[utoipa::path(
    get, path = "/api/teams", tag = "teams", operation_id = "listTeams",
    summary = "Teams by name",
    description = "For every person, and for a service that reads people or readiness.",
    params(Filters),
    responses((
        status = 200, description = "A page of teams", body = PageView<TeamSummaryView>, headers(("Link" = String))
    )),
    security(("person" = []), ("apiKey" = ["users:read"]), ("apiKey" = ["readiness:read"]))
)]
pub(super) async fn list_teams(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.may(Action::ReadTeams)?;
    let filters: Filters = query(&request)?;
    let query = TeamQuery {
        required: api.channels,
        after: filters.cursor.as_deref().map(cursor::parse_team).transpose()?,
        limit: filters.limit.unwrap_or_default().0,
    };
    let page = api.teams.list(&query).await?;
    let next_cursor = page.next.as_ref().map(cursor::of_team);
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = &next_cursor {
        response.insert_header((header::LINK, next_link(&request, cursor)));
    }
    Ok(response.json(PageView { items: page.items.into_iter().map(TeamSummaryView::from).collect(), next_cursor }))
}
