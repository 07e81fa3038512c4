use actix_web::http::header::{CacheControl, CacheDirective};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;

/// How long others may keep the keys, in seconds.
const MAX_AGE: u32 = 300;

/// Public keys (RFC 7517), in the form in which the document describes them.
#[derive(Serialize, ToSchema)]
struct KeySet {
    #[schema(min_items = 1)]
    keys: Vec<Key>,
}

/// A public key of Ed25519 (RFC 8037).
#[derive(Serialize, ToSchema)]
struct Key {
    #[schema(examples("OKP"))]
    kty: String,
    #[schema(examples("Ed25519"))]
    crv: String,
    /// The key itself, in base64url.
    #[schema(required = false, examples("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))]
    x: String,
    /// By which tokens name it.
    #[schema(required = false, examples("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"))]
    kid: String,
    #[schema(required = false, examples("EdDSA"))]
    alg: String,
    #[serde(rename = "use")]
    #[schema(required = false, examples("sig"))]
    usage: String,
}

/// `GET /.well-known/jwks.json`: the public keys with which access tokens can be checked offline (RFC 7517).
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "operations", operation_id = "getKeySet",
    summary = "The public keys of access tokens",
    description = "With these, others check access tokens without asking (RFC 7517, RFC 8037).",
    responses((
        status = 200, description = "The keys", body = KeySet,
        headers(("Cache-Control" = String, description = "For how long the keys may be kept")),
        example = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "alg": "EdDSA", "use": "sig"
        }] })
    ))
)]
pub(super) async fn jwks(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]))
        .json(&api.jwks)
}
