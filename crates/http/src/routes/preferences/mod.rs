//! The caller's own notification preferences.

mod get_preferences;
mod put_preferences;

use actix_web::http::Method;
use actix_web::http::header::{ETag, EntityTag};
use actix_web::{HttpResponse, web};
use muster_domain::preferences::StoredPreferences;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(get_preferences::get_preferences, put_preferences::put_preferences))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![endpoint(
        "/api/notifications/preferences",
        [
            (Method::GET, web::to(get_preferences::get_preferences)),
            (Method::PUT, web::to(put_preferences::put_preferences)),
        ],
    )]
}

/// The document with its version as a strong `ETag` (RFC 9110, section 8.8.3).
fn answer(stored: &StoredPreferences) -> HttpResponse {
    HttpResponse::Ok().insert_header(ETag(EntityTag::new_strong(stored.version.to_string()))).json(&stored.document)
}
