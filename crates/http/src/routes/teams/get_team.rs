use actix_web::{HttpRequest, web};
use muster_domain::TeamId;
use muster_domain::access::Action;
use serde::Serialize;
use utoipa::ToSchema;

use super::MemberView;
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::path_id;
use crate::openapi::schemas;
use crate::problem::Problem;

/// A team and its members.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Team)]
pub(super) struct TeamView {
    #[schema(value_type = schemas::Id)]
    id: TeamId,
    #[schema(examples("Platform"))]
    name: String,
    /// Whether its members come from a group of the directory.
    synced_from_directory: bool,
    members: Vec<MemberView>,
}

/// `GET /api/teams/{id}`: a team and who of it can be on call, for everybody.
#[utoipa::path(
    get, path = "/api/teams/{id}", tag = "teams", operation_id = "getTeam",
    summary = "A team and who of it can be on call",
    description = "For every person, and for a service that reads people or readiness. Shows no contacts.",
    params(("id" = schemas::Id, Path, description = "Which team")),
    responses((status = 200, description = "The team", body = TeamView)),
    security(("person" = []), ("apiKey" = ["users:read"]), ("apiKey" = ["readiness:read"])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn get_team(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<web::Json<TeamView>, Problem> {
    caller.may(Action::ReadTeams)?;
    let team = api.teams.team(path_id(&request)?).await?.ok_or_else(|| Problem::not_found("team"))?;
    Ok(web::Json(TeamView {
        id: team.id,
        name: team.name,
        synced_from_directory: team.synced_from_directory,
        members: team.members.into_iter().map(|member| MemberView::new(member, api.channels)).collect(),
    }))
}
