use actix_web::web;

use crate::api::Api;
use crate::authentication::Own;
use crate::problem::Problem;
use crate::views::{DeviceView, ListView};

/// `GET /api/notifications/devices`: the caller's devices, oldest first.
#[utoipa::path(
    get, path = "/api/notifications/devices", tag = "devices", operation_id = "listDevices",
    summary = "The caller's devices, oldest first",
    description = "Whether each is proven, and never its token.",
    responses((status = 200, description = "All of them, 20 at the most", body = ListView<DeviceView>)),
    security(("person" = []))
)]
pub(super) async fn list_devices(api: web::Data<Api>, own: Own) -> Result<web::Json<ListView<DeviceView>>, Problem> {
    let devices = api.devices.list(own.id).await?;
    Ok(web::Json(ListView { items: devices.into_iter().map(DeviceView::from).collect() }))
}
