//! The caller's own devices.

mod list_devices;
mod register_device;
mod remove_device;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(list_devices::list_devices, register_device::register_device, remove_device::remove_device))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            "/api/notifications/devices",
            [
                (Method::GET, web::to(list_devices::list_devices)),
                (Method::POST, web::to(register_device::register_device)),
            ],
        ),
        endpoint("/api/notifications/devices/{id}", [(Method::DELETE, web::to(remove_device::remove_device))]),
    ]
}
