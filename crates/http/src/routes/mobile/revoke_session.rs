use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::SessionId;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::path_id;
use crate::problem::Problem;

/// `DELETE /api/mobile/tokens/{id}`: ends one of the caller's live sessions.
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
