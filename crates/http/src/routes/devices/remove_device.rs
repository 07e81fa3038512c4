use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::DeviceId;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::path_id;
use crate::openapi::schemas;
use crate::problem::Problem;

/// `DELETE /api/notifications/devices/{id}`: removes one of the caller's devices with its proof.
#[utoipa::path(
    delete, path = "/api/notifications/devices/{id}", tag = "devices", operation_id = "removeDevice",
    summary = "Remove one of the caller's devices",
    description = "When it is the last one that is proven, push is unproven again. The sessions on it end, but for the \
        caller's own.",
    params(("id" = schemas::Id, Path, description = "Which device")),
    responses((status = 204, description = "It is gone")),
    security(("person" = [])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn remove_device(
    api: web::Data<Api>,
    own: Own,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: DeviceId = path_id(&request)?;
    if api.devices.remove(own.id, own.session_id, id, &own.origin).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("device"))
    }
}
