use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::TeamId;
use muster_domain::access::Action;
use muster_domain::team::{TeamQuery, TeamSummary};
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::authentication::Caller;
use crate::cursor;
use crate::input::{Limited, next_link, query};
use crate::problem::Problem;
use crate::views::PageView;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    limit: Option<Limited>,
    cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TeamSummaryView {
    id: TeamId,
    name: String,
    synced_from_directory: bool,
    member_count: u64,
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
