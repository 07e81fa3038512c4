use diesel::prelude::*;
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKey, ApiKeyHash};

use crate::error::DbError;
use crate::rows::named;
use crate::schema::api_keys;
use crate::types::{DbId, Hash, Ts};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub(crate) struct ApiKeyRow {
    id: DbId,
    hash: Hash,
    pub(crate) name: String,
    prefix: String,
    /// Their names, separated by a space.
    pub(crate) scopes: String,
    created_at: Ts,
    expires_at: Option<Ts>,
    revoked_at: Option<Ts>,
    last_used_at: Option<Ts>,
}

impl ApiKeyRow {
    pub(crate) fn new(key: &ApiKey, hash: ApiKeyHash) -> Self {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        Self {
            id: key.id.into(),
            hash: hash.into(),
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scopes: scopes.join(" "),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Into::into),
            revoked_at: key.revoked_at.map(Into::into),
            last_used_at: key.last_used_at.map(Into::into),
        }
    }
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = DbError;

    fn try_from(row: ApiKeyRow) -> Result<Self, DbError> {
        let scopes = row.scopes.split(' ').map(|name| named("api_keys", "scopes", Scope::from_name(name)));
        Ok(Self {
            id: row.id.into(),
            scopes: scopes.collect::<Result<_, _>>()?,
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.map(Into::into),
            revoked_at: row.revoked_at.map(Into::into),
            last_used_at: row.last_used_at.map(Into::into),
        })
    }
}
