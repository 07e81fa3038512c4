use actix_web::web;

use crate::api::Api;
use crate::authentication::Bearer;
use crate::problem::Problem;
use crate::views::ProfileView;

/// `GET /api/users/me`: the caller's own profile. One read of the store: it answers and it authenticates.
#[utoipa::path(
    get, path = "/api/users/me", tag = "users", operation_id = "getMe",
    summary = "The caller's own profile",
    description = "Also a break-glass admin's, who has no contacts.",
    responses((status = 200, description = "The profile", body = ProfileView)),
    security(("person" = []))
)]
pub(super) async fn me(api: web::Data<Api>, bearer: Bearer) -> Result<web::Json<ProfileView>, Problem> {
    let facts = bearer.profile(&api).await?;
    Ok(web::Json(ProfileView::new(facts, api.channels, api.clock.now())))
}
