use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::audit::Actor;

use super::Presented;
use crate::api::Api;
use crate::input::Json;
use crate::origin::origin;
use crate::problem::Problem;

/// `DELETE /api/mobile/token`: ends the session of a refresh token, for the token alone. 204 also when it is dead.
pub(super) async fn sign_out(
    api: web::Data<Api>,
    request: HttpRequest,
    body: Json<Presented>,
) -> Result<HttpResponse, Problem> {
    api.sessions.sign_out(&body.0.refresh_token, &origin(&request, Actor::Anonymous)).await?;
    Ok(HttpResponse::NoContent().finish())
}
