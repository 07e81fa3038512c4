use actix_web::{HttpResponse, web};
use muster_domain::SessionId;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::PathId;
use crate::problem::Problem;

/// `DELETE /api/mobile/tokens/{id}`: ends one of the caller's live sessions.
pub(super) async fn revoke_session(
    api: web::Data<Api>,
    own: Own,
    id: PathId<SessionId>,
) -> Result<HttpResponse, Problem> {
    if api.sessions.revoke(own.id, id.0, &own.origin).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("session"))
    }
}
