//! For those who run the server, and the keys for those who check its tokens.

mod configuration;
mod docs;
mod healthz;
mod jwks;
mod metrics;
mod openapi;
mod readyz;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(
    healthz::healthz,
    readyz::readyz,
    metrics::metrics,
    jwks::jwks,
    configuration::configuration,
    openapi::openapi,
    docs::docs,
    docs::docs_file
))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/healthz", [(Method::GET, web::to(healthz::healthz))]),
        endpoint("/readyz", [(Method::GET, web::to(readyz::readyz))]),
        endpoint("/metrics", [(Method::GET, web::to(metrics::metrics))]),
        endpoint("/.well-known/jwks.json", [(Method::GET, web::to(jwks::jwks))]),
        endpoint("/api/configuration", [(Method::GET, web::to(configuration::configuration))]),
        endpoint("/openapi.json", [(Method::GET, web::to(openapi::openapi))]),
        endpoint("/docs", [(Method::GET, web::to(docs::docs))]),
        endpoint("/docs/{file}", [(Method::GET, web::to(docs::docs_file))]),
    ]
}
