use actix_web::web;

use crate::api::Api;
use crate::authentication::Bearer;
use crate::problem::Problem;
use crate::views::VerificationStatusView;

/// `GET /api/notifications/verification/status`: which of the caller's contacts are proven, in one read of the store.
#[utoipa::path(
    get, path = "/api/notifications/verification/status", tag = "verification", operation_id = "getVerificationStatus",
    summary = "Which of the caller's contacts are proven",
    description = "And which codes are on their way.",
    responses((status = 200, description = "Every channel's status", body = VerificationStatusView)),
    security(("person" = []))
)]
pub(super) async fn status(api: web::Data<Api>, bearer: Bearer) -> Result<web::Json<VerificationStatusView>, Problem> {
    let facts = bearer.person(&api).await?;
    Ok(web::Json(facts.verification(api.channels, api.clock.now()).into()))
}
