//! For those who run the server, and the keys for those who check its tokens.

mod healthz;
mod jwks;
mod metrics;
mod readyz;

use actix_web::http::Method;
use actix_web::web;

use super::{Endpoint, endpoint};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/healthz", [(Method::GET, web::to(healthz::healthz))]),
        endpoint("/readyz", [(Method::GET, web::to(readyz::readyz))]),
        endpoint("/metrics", [(Method::GET, web::to(metrics::metrics))]),
        endpoint("/.well-known/jwks.json", [(Method::GET, web::to(jwks::jwks))]),
    ]
}
