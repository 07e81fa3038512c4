use actix_web::http::header::{CacheControl, CacheDirective};
use actix_web::{HttpResponse, web};

use crate::api::Api;

/// How long others may keep the keys, in seconds.
const MAX_AGE: u32 = 300;

/// `GET /.well-known/jwks.json`: the public keys with which access tokens can be checked offline (RFC 7517).
pub(super) async fn jwks(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]))
        .json(&api.jwks)
}
