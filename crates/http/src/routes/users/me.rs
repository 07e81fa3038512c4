use actix_web::web;

use crate::api::Api;
use crate::authentication::Bearer;
use crate::problem::Problem;
use crate::views::ProfileView;

/// `GET /api/users/me`: the caller's own profile. One read of the store: it answers and it authenticates.
pub(super) async fn me(api: web::Data<Api>, bearer: Bearer) -> Result<web::Json<ProfileView>, Problem> {
    let facts = bearer.profile(&api).await?;
    Ok(web::Json(ProfileView::new(facts, api.channels, api.clock.now())))
}
