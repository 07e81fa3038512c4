use actix_web::{HttpRequest, web};
use muster_domain::access::Action;

use crate::api::Api;
use crate::authentication::Caller;
use crate::input::path_id;
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::ProfileView;

/// `GET /api/users/{id}`: one person's profile, for themselves, an admin of a team that they are in, an admin of the
/// platform, or a service that reads people. Anyone else gets 403 whether or not the person exists.
#[utoipa::path(
    get, path = "/api/users/{id}", tag = "users", operation_id = "getUser",
    summary = "A person's profile",
    description = "For themselves, an admin of a team that they are in, an admin of the platform, or a service that \
        reads people. Anyone else gets 403 whether or not the person exists.",
    params(("id" = schemas::Id, Path, description = "Whose")),
    responses((status = 200, description = "The profile", body = ProfileView)),
    security(("person" = []), ("apiKey" = ["users:read"])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn get_user(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<web::Json<ProfileView>, Problem> {
    let id = caller.may_about(&api, path_id(&request), Action::ReadUser).await?;
    let facts = api.users.profile(id).await?.ok_or_else(|| Problem::not_found("user"))?;
    Ok(web::Json(ProfileView::new(facts, api.channels, api.clock.now())))
}
