use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::DeviceId;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::path_id;
use crate::problem::Problem;

/// `DELETE /api/notifications/devices/{id}`: removes one of the caller's devices with its proof.
pub(super) async fn remove_device(
    api: web::Data<Api>,
    own: Own,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: DeviceId = path_id(&request)?;
    if api.devices.remove(own.id, id, &own.origin).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("device"))
    }
}
