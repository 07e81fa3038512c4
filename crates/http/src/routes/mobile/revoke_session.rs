use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::SessionId;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::path_id;
use crate::openapi::schemas;
use crate::problem::Problem;

/// `DELETE /api/mobile/tokens/{id}`: ends one of the caller's live sessions.
#[utoipa::path(
    delete, path = "/api/mobile/tokens/{id}", tag = "mobile", operation_id = "revokeSession",
    summary = "End one of the caller's live sessions",
    description = "Its refresh token is dead at once; its last access token is good for 15 minutes at the most. \
        The device that it is on is removed, unless another live session is on it.",
    params(("id" = schemas::Id, Path, description = "Which session")),
    responses((status = 204, description = "It has ended")),
    security(("person" = [])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn revoke_session(
    api: web::Data<Api>,
    own: Own,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = path_id(&request)?;
    if api.sessions.revoke(own.id, id, &own.origin).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("session"))
    }
}
