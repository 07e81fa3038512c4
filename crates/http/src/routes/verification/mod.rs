//! Proving the caller's own contacts.

mod send_code;
mod status;
mod verify_code;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(status::status, send_code::send_code, verify_code::verify_code))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/api/notifications/verification/status", [(Method::GET, web::to(status::status))]),
        endpoint("/api/notifications/verification/send", [(Method::POST, web::to(send_code::send_code))]),
        endpoint("/api/notifications/verification/verify", [(Method::POST, web::to(verify_code::verify_code))]),
    ]
}
