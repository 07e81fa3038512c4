use actix_web::{HttpRequest, web};
use muster_domain::access::{Action, Denied, Principal};
use muster_domain::team::{RoleGiver, TeamRole};
use muster_domain::user::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use super::MemberView;
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, path_id, path_id_named};
use crate::openapi::schemas;
use crate::problem::Problem;

/// The role to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTeamRole)]
struct NewRole {
    #[schema(value_type = schemas::TeamRole)]
    role: TeamRole,
}

/// `PATCH /api/teams/{id}/members/{userId}`: gives a member a role, for an admin of that team or of the platform. Anyone
/// else gets 403 whether or not there is such a team or such a member.
#[utoipa::path(
    patch, path = "/api/teams/{id}/members/{userId}", tag = "teams", operation_id = "changeMemberRole",
    summary = "Give a member of a team a role",
    description = "For an admin of that team or of the platform. Anyone else gets 403 whether or not there is such a \
        team or such a member.",
    params(
        ("id" = schemas::Id, Path, description = "Which team"),
        ("userId" = schemas::Id, Path, description = "Whose role")
    ),
    request_body = NewRole,
    responses((status = 200, description = "The member as they are now", body = MemberView)),
    security(("person" = [])),
    extensions(("x-problems" = json!(["not-found"])))
)]
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
