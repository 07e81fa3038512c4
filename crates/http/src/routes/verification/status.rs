use actix_web::web;

use crate::api::Api;
use crate::authentication::{Bearer, refused};
use crate::problem::Problem;
use crate::views::VerificationStatusView;

/// `GET /api/notifications/verification/status`: which of the caller's contacts are proven, in one read of the store.
pub(super) async fn status(
    api: web::Data<Api>,
    Bearer(claims): Bearer,
) -> Result<web::Json<VerificationStatusView>, Problem> {
    let facts = api.users.profile(claims.user_id).await?.filter(|facts| facts.user.active).ok_or_else(refused)?;
    Ok(web::Json(facts.verification(api.clock.now()).into()))
}
