//! For those who run the server, and the keys for those who check its tokens.

mod healthz;
mod jwks;
mod metrics;
mod readyz;

use actix_web::http::Method;
use actix_web::web;

use super::resource;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/healthz", [(Method::GET, web::to(healthz::healthz))]))
        .service(resource("/readyz", [(Method::GET, web::to(readyz::readyz))]))
        .service(resource("/metrics", [(Method::GET, web::to(metrics::metrics))]))
        .service(resource("/.well-known/jwks.json", [(Method::GET, web::to(jwks::jwks))]));
}
