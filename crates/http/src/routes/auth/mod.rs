//! Signing in with what Muster itself keeps.

mod break_glass;

use actix_web::http::Method;
use actix_web::web;

use super::{Endpoint, endpoint};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![endpoint("/auth/break-glass", [(Method::POST, web::to(break_glass::break_glass))])]
}
