use actix_web::{HttpRequest, web};
use muster_domain::access::{Action, Denied, Principal};
use muster_domain::team::{RoleGiver, TeamRole};
use muster_domain::user::Role;
use serde::Deserialize;

use super::MemberView;
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, path_id, path_id_named};
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: TeamRole,
}

/// `PATCH /api/teams/{id}/members/{userId}`: gives a member a role, for an admin of that team or of the platform. Anyone
/// else gets 403 whether or not there is such a team or such a member.
pub(super) async fn change_member_role(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
    body: Body,
) -> Result<web::Json<MemberView>, Problem> {
    caller.may(Action::ChangeTeamRole)?;
    let by = match caller.principal {
        Principal::User { role: Role::Admin, .. } | Principal::BreakGlass { .. } => RoleGiver::Admin,
        Principal::User { id, role: Role::User } => RoleGiver::User(id),
        Principal::Service { .. } => return Err(Denied.into()),
    };
    let (team, user) = (path_id(&request)?, path_id_named("userId", &request)?);
    let NewRole { role } = body.json()?;
    let member = api.teams.change_member_role(team, user, role, by, &caller.origin).await?;
    Ok(web::Json(MemberView::new(member, api.channels)))
}
