use actix_web::{HttpRequest, web};
use muster_domain::UserId;
use muster_domain::access::Action;
use muster_domain::user::Role;
use serde::Deserialize;

use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, path_id};
use crate::problem::Problem;
use crate::views::ProfileView;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRole {
    role: Role,
}

/// `PATCH /api/users/{id}/role`: gives a person a platform role, for an admin.
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
