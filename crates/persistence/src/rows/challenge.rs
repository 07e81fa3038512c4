use diesel::prelude::*;
use muster_domain::verification::{Challenge, Closure, CodeHash, Masked, Method, Proof};

use crate::error::DbError;
use crate::rows::named;
use crate::schema::{challenges, proofs};
use crate::types::{DbId, Hash, Ts, fingerprint, key_column, key_id};

/// A challenge's row without what came of sending its code. Written whole, so that nothing of the challenge before it
/// stays.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[cfg_attr(feature = "postgres", derive(serde::Deserialize))]
#[diesel(table_name = challenges, primary_key(user_id, method))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ChallengeRow {
    pub(crate) user_id: DbId,
    pub(crate) method: String,
    id: DbId,
    pub(crate) device_id: Option<DbId>,
    destination: String,
    pub(crate) fingerprint: Hash,
    fingerprint_key: Option<i32>,
    code_hash: Hash,
    code_key: Option<i32>,
    pub(crate) opened_at: Ts,
    resend_after: Ts,
    streak: i32,
    expires_at: Ts,
    failed_attempts: i16,
    completed_at: Option<Ts>,
    cancelled_at: Option<Ts>,
}

impl ChallengeRow {
    pub(crate) fn method(&self) -> Result<Method, DbError> {
        named("challenges", "method", Method::from_name(&self.method))
    }
}

impl From<&Challenge> for ChallengeRow {
    fn from(challenge: &Challenge) -> Self {
        let (completed_at, cancelled_at) = match challenge.closure {
            None => (None, None),
            Some(Closure::Completed { at }) => (Some(at.into()), None),
            Some(Closure::Cancelled { at }) => (None, Some(at.into())),
        };
        Self {
            user_id: challenge.user_id.into(),
            method: challenge.method.as_str().to_owned(),
            id: challenge.id.into(),
            device_id: challenge.device_id.map(Into::into),
            destination: challenge.destination.as_str().to_owned(),
            fingerprint: challenge.fingerprint.into(),
            fingerprint_key: challenge.fingerprint.key.map(key_column),
            code_hash: Hash(challenge.code_hash.hash),
            code_key: challenge.code_hash.key.map(key_column),
            opened_at: challenge.opened_at.into(),
            resend_after: challenge.resend_after.into(),
            streak: challenge.streak.into(),
            expires_at: challenge.expires_at.into(),
            failed_attempts: challenge.failed_attempts.into(),
            completed_at,
            cancelled_at,
        }
    }
}

impl TryFrom<ChallengeRow> for Challenge {
    type Error = DbError;

    fn try_from(row: ChallengeRow) -> Result<Self, DbError> {
        let closure = match (row.completed_at, row.cancelled_at) {
            (None, None) => None,
            (Some(at), None) => Some(Closure::Completed { at: at.into() }),
            (None, Some(at)) => Some(Closure::Cancelled { at: at.into() }),
            (Some(_), Some(_)) => return Err(DbError::inconsistent("challenges", "completed and cancelled at once")),
        };
        let failed_attempts = u8::try_from(row.failed_attempts);
        Ok(Self {
            method: row.method()?,
            id: row.id.into(),
            user_id: row.user_id.into(),
            device_id: row.device_id.map(Into::into),
            destination: Masked::from_stored(row.destination),
            fingerprint: fingerprint(row.fingerprint, row.fingerprint_key),
            code_hash: CodeHash { hash: row.code_hash.0, key: row.code_key.map(key_id) },
            opened_at: row.opened_at.into(),
            resend_after: row.resend_after.into(),
            streak: u16::try_from(row.streak)
                .map_err(|_| DbError::inconsistent("challenges", "streak is no small number"))?,
            expires_at: row.expires_at.into(),
            failed_attempts: failed_attempts
                .map_err(|_| DbError::inconsistent("challenges", "failed_attempts is no small number"))?,
            closure,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[cfg_attr(feature = "postgres", derive(serde::Deserialize))]
#[diesel(table_name = proofs, primary_key(user_id, method))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ProofRow {
    pub(crate) user_id: DbId,
    pub(crate) method: String,
    pub(crate) fingerprint: Hash,
    pub(crate) fingerprint_key: Option<i32>,
    pub(crate) verified_at: Ts,
}

impl TryFrom<ProofRow> for Proof {
    type Error = DbError;

    fn try_from(row: ProofRow) -> Result<Self, DbError> {
        let method = named("proofs", "method", Method::from_name(&row.method))?;
        let fingerprint = fingerprint(row.fingerprint, row.fingerprint_key);
        Ok(Self { method, fingerprint, verified_at: row.verified_at.into() })
    }
}
