use actix_web::{HttpRequest, web};
use muster_domain::UserId;
use muster_domain::access::Action;
use muster_domain::user::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, path_id};
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::ProfileView;

/// The role to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRole)]
pub(super) struct NewRole {
    #[schema(value_type = schemas::Role)]
    role: Role,
}

/// `PATCH /api/users/{id}/role`: gives a person a platform role, for an admin.
#[utoipa::path(
    patch, path = "/api/users/{id}/role", tag = "users", operation_id = "changeRole",
    summary = "Give a person a platform role",
    description = "For an admin. The last active admin cannot be demoted.",
    params(("id" = schemas::Id, Path, description = "Whose")),
    request_body = NewRole,
    responses((status = 200, description = "The profile as it is now", body = ProfileView)),
    security(("person" = [])),
    extensions(("x-problems" = json!(["not-found", "last-admin"])))
)]
pub(super) async fn change_role(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
    body: Body,
) -> Result<web::Json<ProfileView>, Problem> {
    caller.may(Action::ChangeRole)?;
    let id: UserId = path_id(&request)?;
    let NewRole { role } = body.json()?;
    let facts = api.users.change_role(id, role, &caller.origin).await?;
    Ok(web::Json(ProfileView::new(facts, api.channels, api.clock.now())))
}
