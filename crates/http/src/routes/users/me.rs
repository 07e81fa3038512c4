use actix_web::web;

use crate::api::Api;
use crate::authentication::{Bearer, refused};
use crate::problem::Problem;
use crate::views::ProfileView;

/// `GET /api/users/me`: the caller's own profile. One read of the store: it answers and it authenticates.
pub(super) async fn me(api: web::Data<Api>, Bearer(claims): Bearer) -> Result<web::Json<ProfileView>, Problem> {
    let facts = api.users.profile(claims.user_id).await?.filter(|facts| facts.user.active).ok_or_else(refused)?;
    Ok(web::Json(ProfileView::new(facts, api.clock.now())))
}
