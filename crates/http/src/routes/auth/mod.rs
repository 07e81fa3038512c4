//! Signing in with what Muster itself keeps.

mod break_glass;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(break_glass::break_glass))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![endpoint("/auth/break-glass", [(Method::POST, web::to(break_glass::break_glass))])]
}
