use actix_web::web;
use muster_domain::UserId;
use muster_domain::access::Action;
use muster_domain::user::Role;
use serde::Deserialize;

use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Json, PathId};
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
    id: PathId<UserId>,
    body: Json<NewRole>,
) -> Result<web::Json<ProfileView>, Problem> {
    caller.may(Action::ChangeRole)?;
    let facts = api.users.change_role(id.0, body.0.role, &caller.origin).await?;
    Ok(web::Json(ProfileView::new(facts, api.clock.now())))
}
