use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::access::Action;

use crate::api::Api;
use crate::authentication::Caller;
use crate::input::path_id;
use crate::openapi::schemas;
use crate::problem::Problem;

/// `DELETE /api/keys/{id}`: the key is refused from now on.
#[utoipa::path(
    delete, path = "/api/keys/{id}", tag = "keys", operation_id = "revokeKey",
    summary = "Revoke a key",
    description = "For an admin. The key is refused from now on.",
    params(("id" = schemas::Id, Path, description = "Which key")),
    responses((status = 204, description = "It is revoked")),
    security(("person" = [])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn revoke_key(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.may(Action::ManageKeys)?;
    if api.access.keys.revoke(path_id(&request)?, &caller.origin).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("key that is not revoked"))
    }
}
