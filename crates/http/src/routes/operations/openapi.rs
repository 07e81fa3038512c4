use std::sync::LazyLock;

use actix_web::http::header::{CacheControl, CacheDirective};
use actix_web::{HttpResponse, web};

use crate::api::Api;

/// How long others may keep the document, in seconds.
const MAX_AGE: u32 = 300;

/// Written once, when somebody first asks.
static PRODUCTION: LazyLock<web::Bytes> = LazyLock::new(|| crate::openapi(false).to_string().into());
static DEVELOPMENT: LazyLock<web::Bytes> = LazyLock::new(|| crate::openapi(true).to_string().into());

/// `GET /openapi.json`: this document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", operation_id = "getDocument",
    summary = "This document",
    description = "Without development mode's operations, unless that is on.",
    responses((
        status = 200, description = "What the server takes and gives, in OpenAPI 3.1", body = Object,
        headers(("Cache-Control" = String, description = "For how long the document may be kept"))
    ))
)]
pub(super) async fn openapi(api: web::Data<Api>) -> HttpResponse {
    let document = if api.development.is_some() { &DEVELOPMENT } else { &PRODUCTION };
    HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]))
        .content_type("application/json")
        .body(web::Bytes::clone(document))
}
