use actix_web::{HttpResponse, web};
use muster_domain::DeviceId;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::PathId;
use crate::problem::Problem;

/// `DELETE /api/notifications/devices/{id}`: removes one of the caller's devices with its proof.
pub(super) async fn remove_device(
    api: web::Data<Api>,
    own: Own,
    id: PathId<DeviceId>,
) -> Result<HttpResponse, Problem> {
    if api.devices.remove(own.id, id.0, &own.origin).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("device"))
    }
}
