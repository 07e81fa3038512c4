//! Proving the caller's own contacts.

mod send_code;
mod status;
mod verify_code;

use actix_web::http::Method;
use actix_web::web;

use super::resource;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/api/notifications/verification/status", [(Method::GET, web::to(status::status))]))
        .service(resource("/api/notifications/verification/send", [(Method::POST, web::to(send_code::send_code))]))
        .service(resource(
            "/api/notifications/verification/verify",
            [(Method::POST, web::to(verify_code::verify_code))],
        ));
}
