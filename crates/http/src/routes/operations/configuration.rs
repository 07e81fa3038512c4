use actix_web::http::header::{CacheControl, CacheDirective};
use actix_web::{HttpResponse, web};

use crate::api::{Api, FrontEnd};

/// How long others may keep it, in seconds.
const MAX_AGE: u32 = 300;

/// `GET /api/configuration`: what a front end needs before anybody has signed in.
#[utoipa::path(
    get, path = "/api/configuration", tag = "operations", operation_id = "getConfiguration",
    summary = "What a front end needs to know",
    description = "Where people sign in, which channels are on, and the key that browsers subscribe to push with. It holds \
        no secret and needs no credential.",
    responses((
        status = 200, description = "The configuration", body = FrontEnd,
        headers(("Cache-Control" = String, description = "For how long it may be kept")),
        example = json!({
            "issuer": "https://example.okta.com/oauth2/default", "clientId": "0oa1b2c3d4e5f6g7h8i9",
            "channels": ["email", "sms", "push"],
            "vapidPublicKey":
                "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        })
    ))
)]
pub(super) async fn configuration(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]))
        .json(&api.front_end)
}
