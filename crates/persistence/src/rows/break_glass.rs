use diesel::prelude::*;
use muster_domain::break_glass::{BreakGlassAccount, Credential, PasswordHash, PasswordTag};

use crate::error::DbError;
use crate::schema::break_glass_accounts;
use crate::types::{DbId, Ts};

#[derive(Queryable, Selectable)]
#[diesel(table_name = break_glass_accounts)]
pub(crate) struct BreakGlassRow {
    user_id: DbId,
    name: String,
    created_at: Ts,
    revoked_at: Option<Ts>,
    last_used_at: Option<Ts>,
}

impl From<BreakGlassRow> for BreakGlassAccount {
    fn from(row: BreakGlassRow) -> Self {
        Self {
            user_id: row.user_id.into(),
            name: row.name,
            created_at: row.created_at.into(),
            revoked_at: row.revoked_at.map(Into::into),
            last_used_at: row.last_used_at.map(Into::into),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = break_glass_accounts)]
pub(crate) struct CredentialRow {
    user_id: DbId,
    name: String,
    password_hash: String,
    password_tag: Option<i64>,
}

impl TryFrom<CredentialRow> for Credential {
    type Error = DbError;

    fn try_from(row: CredentialRow) -> Result<Self, DbError> {
        let hash = PasswordHash::parse(row.password_hash);
        let hash = hash.map_err(|_| DbError::inconsistent("break_glass_accounts", "password_hash is none"))?;
        let tag = row.password_tag.map(u32::try_from).transpose();
        let tag = tag.map_err(|_| DbError::inconsistent("break_glass_accounts", "password_tag is none"))?;
        Ok(Self { user_id: row.user_id.into(), name: row.name, hash, tag: tag.map(PasswordTag) })
    }
}
