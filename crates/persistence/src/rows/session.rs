use diesel::prelude::*;
use muster_domain::SessionId;
use muster_domain::audit::RevokeReason;
use muster_domain::session::{Revocation, Session, StoredToken};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use time::OffsetDateTime;

use crate::error::DbError;
use crate::rows::named;
use crate::schema::{refresh_tokens, sessions};
use crate::types::{DbId, Hash, Salt, Ts, key_column, key_id};
#[cfg(feature = "postgres")]
use crate::types::{Id, Instant};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(crate) struct SessionRow {
    pub(crate) id: DbId,
    pub(crate) user_id: DbId,
    device_name: Option<String>,
    pub(crate) device_id: Option<DbId>,
    pub(crate) created_at: Ts,
    last_used_at: Ts,
    expires_at: Ts,
    revoked_at: Option<Ts>,
    revoke_reason: Option<String>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.into(),
            user_id: session.user_id.into(),
            device_name: session.device_name.clone(),
            device_id: session.device_id.map(Into::into),
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            revoked_at: session.revocation.map(|revocation| revocation.at.into()),
            revoke_reason: session.revocation.map(|revocation| revocation.reason.as_str().to_owned()),
        }
    }
}

#[cfg(feature = "postgres")]
impl SessionRow {
    /// Every column's value, in the table's order.
    pub(crate) fn push<'b>(
        &'b self,
        out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
    ) -> QueryResult<()> {
        use diesel::sql_types::{Nullable, Text};

        out.push_bind_param::<Id, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Id, _>(&self.user_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.device_name)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Id>, _>(&self.device_id)?;
        for at in [&self.created_at, &self.last_used_at, &self.expires_at] {
            out.push_sql(", ");
            out.push_bind_param::<Instant, _>(at)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Instant>, _>(&self.revoked_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.revoke_reason)
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = DbError;

    fn try_from(row: SessionRow) -> Result<Self, DbError> {
        let revocation = match (row.revoked_at, row.revoke_reason) {
            (None, None) => None,
            (Some(at), Some(reason)) => {
                let reason = named("sessions", "revoke_reason", reason_named(&reason))?;
                Some(Revocation { at: at.into(), reason })
            }
            _ => return Err(DbError::inconsistent("sessions", "revoked_at and revoke_reason come together")),
        };
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            device_name: row.device_name,
            device_id: row.device_id.map(Into::into),
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.into(),
            expires_at: row.expires_at.into(),
            revocation,
        })
    }
}

fn reason_named(name: &str) -> Option<RevokeReason> {
    let name: StrDeserializer<'_, NameError> = name.into_deserializer();
    RevokeReason::deserialize(name).ok()
}

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
pub(crate) struct TokenRow {
    hash: Hash,
    pub(crate) session_id: DbId,
    parent: Option<Hash>,
    salt: Salt,
    superseded_at: Option<Ts>,
    created_at: Ts,
    successor_key: Option<i32>,
}

impl TokenRow {
    pub(crate) fn new(session: SessionId, token: &StoredToken, created_at: OffsetDateTime) -> Self {
        Self {
            hash: token.hash.into(),
            session_id: session.into(),
            parent: token.parent.map(Into::into),
            salt: token.salt.into(),
            superseded_at: token.superseded_at.map(Into::into),
            created_at: created_at.into(),
            successor_key: token.successor_key.map(key_column),
        }
    }
}

#[cfg(feature = "postgres")]
impl TokenRow {
    /// Every column's value, in the table's order.
    pub(crate) fn push<'b>(
        &'b self,
        out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
    ) -> QueryResult<()> {
        use diesel::sql_types::{Binary, Integer, Nullable};

        out.push_bind_param::<Binary, _>(&self.hash)?;
        out.push_sql(", ");
        out.push_bind_param::<Id, _>(&self.session_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Binary>, _>(&self.parent)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&self.salt)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Instant>, _>(&self.superseded_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Instant, _>(&self.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Integer>, _>(&self.successor_key)
    }
}

impl From<TokenRow> for StoredToken {
    fn from(row: TokenRow) -> Self {
        Self {
            hash: row.hash.into(),
            parent: row.parent.map(Into::into),
            salt: row.salt.into(),
            successor_key: row.successor_key.map(key_id),
            superseded_at: row.superseded_at.map(Into::into),
        }
    }
}
