//! The caller's own devices.

mod list_devices;
mod register_device;
mod remove_device;

use actix_web::http::Method;
use actix_web::web;

use super::resource;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/api/notifications/devices",
            [
                (Method::GET, web::to(list_devices::list_devices)),
                (Method::POST, web::to(register_device::register_device)),
            ],
        ))
        .service(resource(
            "/api/notifications/devices/{id}",
            [(Method::DELETE, web::to(remove_device::remove_device))],
        ));
}
