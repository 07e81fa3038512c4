//! API keys of other services, for admins.

mod create_key;
mod list_keys;
mod revoke_key;
mod rotate_key;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use muster_domain::ApiKeyId;
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKey, CreatedKey};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::{OpenApi, ToSchema};

use super::{Endpoint, endpoint};
use crate::openapi::schemas;

#[derive(OpenApi)]
#[openapi(paths(list_keys::list_keys, create_key::create_key, revoke_key::revoke_key, rotate_key::rotate_key))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            "/api/keys",
            [(Method::GET, web::to(list_keys::list_keys)), (Method::POST, web::to(create_key::create_key))],
        ),
        endpoint("/api/keys/{id}", [(Method::DELETE, web::to(revoke_key::revoke_key))]),
        endpoint("/api/keys/{id}/rotate", [(Method::POST, web::to(rotate_key::rotate_key))]),
    ]
}

/// A key as it is on record.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
struct KeyView {
    #[schema(value_type = schemas::Id)]
    id: ApiKeyId,
    /// What it is called; a rotated key and its successor share it.
    #[schema(examples("Statuspage"))]
    name: String,
    /// How the key begins, to recognize it by.
    #[schema(examples("mst_key_2vAx"))]
    prefix: String,
    #[schema(value_type = Vec<schemas::Scope>, min_items = 1, max_items = 4)]
    scopes: Vec<Scope>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    created_at: OffsetDateTime,
    /// When it stops working, when it does.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<schemas::Time>, required = true)]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<schemas::Time>, required = true)]
    revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<schemas::Time>, required = true)]
    last_used_at: Option<OffsetDateTime>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedApiKey)]
struct CreatedKeyView<'a> {
    #[serde(flatten)]
    on_record: KeyView,
    /// The key itself, shown this once.
    #[schema(pattern = "^mst_key_[0-9A-Za-z]{50}$")]
    key: &'a str,
}

/// The answer with a key that was just made, which is the only copy of it.
fn created(made: CreatedKey) -> HttpResponse {
    let CreatedKey { key, token } = made;
    HttpResponse::Created().json(CreatedKeyView { on_record: key.into(), key: &token.expose() })
}
