use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::audit::Actor;

use super::Presented;
use crate::api::Api;
use crate::input::Body;
use crate::origin::origin;
use crate::problem::Problem;

/// `DELETE /api/mobile/token`: ends the session of a refresh token, for the token alone. 204 also when it is dead.
#[utoipa::path(
    delete, path = "/api/mobile/token", tag = "mobile", operation_id = "signOut",
    summary = "End the session of a refresh token",
    description = "For the token alone; no other credential is looked at. 204 also for a token that is dead already. \
        The device that the session is on is removed, unless another live session is on it.",
    request_body = Presented,
    responses((status = 204, description = "The token is dead")),
    extensions(("x-problems" = json!(["unavailable"])))
)]
pub(super) async fn sign_out(api: web::Data<Api>, request: HttpRequest, body: Body) -> Result<HttpResponse, Problem> {
    let Presented { refresh_token } = body.json()?;
    api.sessions.sign_out(&refresh_token, &origin(&request, Actor::Anonymous)).await?;
    Ok(HttpResponse::NoContent().finish())
}
