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

use super::{Endpoint, endpoint};

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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    id: ApiKeyId,
    name: String,
    prefix: String,
    scopes: Vec<Scope>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    revoked_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
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

#[derive(Serialize)]
struct CreatedKeyView<'a> {
    #[serde(flatten)]
    on_record: KeyView,
    key: &'a str,
}

/// The answer with a key that was just made, which is the only copy of it.
fn created(made: CreatedKey) -> HttpResponse {
    let CreatedKey { key, token } = made;
    HttpResponse::Created().json(CreatedKeyView { on_record: key.into(), key: &token.expose() })
}
