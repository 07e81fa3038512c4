use actix_web::web;

use crate::api::Api;
use crate::authentication::Own;
use crate::problem::Problem;
use crate::views::{DeviceView, ListView};

/// `GET /api/notifications/devices`: the caller's devices, oldest first.
pub(super) async fn list_devices(api: web::Data<Api>, own: Own) -> Result<web::Json<ListView<DeviceView>>, Problem> {
    let devices = api.devices.list(own.id).await?;
    Ok(web::Json(ListView { items: devices.into_iter().map(DeviceView::from).collect() }))
}
