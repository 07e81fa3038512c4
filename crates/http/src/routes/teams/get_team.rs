use actix_web::{HttpRequest, web};
use muster_domain::TeamId;
use muster_domain::access::Action;
use serde::Serialize;

use super::MemberView;
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::path_id;
use crate::problem::Problem;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TeamView {
    id: TeamId,
    name: String,
    synced_from_directory: bool,
    members: Vec<MemberView>,
}

/// `GET /api/teams/{id}`: a team and who of it can be on call, for everybody.
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
