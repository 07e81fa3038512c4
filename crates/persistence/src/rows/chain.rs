use diesel::prelude::*;
use muster_domain::AuditId;
use muster_domain::audit::AuditEvent;
use muster_domain::audit::chain::{ChainMark, SealHash, SealedRecord};
use uuid::Uuid;

use super::AuditRow;
use crate::error::DbError;
use crate::schema::{audit_chain, audit_events};
use crate::types::{DbId, Hash, Lenient, Ts, key_id};

/// A place in the chain as it is stored. No record comes near the last one there is.
pub(crate) fn place(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// An end of the chain.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audit_chain)]
pub(crate) struct MarkRow {
    pub(crate) mark: String,
    pub(crate) position: i64,
    pub(crate) seal: Hash,
    pub(crate) mac: Hash,
}

impl MarkRow {
    pub(crate) fn new(end: &str, mark: &ChainMark) -> Self {
        Self { mark: end.to_owned(), position: place(mark.position), seal: mark.hash.into(), mac: mark.mac.into() }
    }
}

impl TryFrom<MarkRow> for ChainMark {
    type Error = DbError;

    fn try_from(row: MarkRow) -> Result<Self, DbError> {
        let position = u64::try_from(row.position);
        let position = position.map_err(|_| DbError::inconsistent("audit_chain", "position is no place"))?;
        Ok(Self { position, hash: row.seal.into(), mac: row.mac.into() })
    }
}

/// A record and its seal, of which any column may hold what it must not.
#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub(crate) struct SealedRow {
    position: Option<i64>,
    seal: Lenient<Option<Hash>>,
    seal_key: Lenient<Option<i32>>,
    id: Lenient<DbId>,
    at: Lenient<Ts>,
    action: Lenient<String>,
    actor_type: Lenient<String>,
    actor_id: Lenient<Option<DbId>>,
    actor_name: Lenient<Option<String>>,
    subject: Lenient<Option<DbId>>,
    details: Lenient<String>,
    ip: Lenient<Option<String>>,
    user_agent: Lenient<Option<String>>,
    request_id: Lenient<Option<String>>,
}

impl TryFrom<SealedRow> for SealedRecord {
    type Error = DbError;

    /// An id or a seal that is none becomes zeros, and the record has no event then.
    fn try_from(row: SealedRow) -> Result<Self, DbError> {
        let position = row.position.and_then(|position| u64::try_from(position).ok());
        let position = position.ok_or_else(|| DbError::inconsistent("audit_events", "position is no place"))?;
        let hash = row.seal.0.flatten();
        Ok(Self {
            position,
            id: row.id.0.map_or(AuditId(Uuid::nil()), AuditId::from),
            hash: hash.map_or(SealHash::NONE, SealHash::from),
            key: row.seal_key.0.flatten().map(key_id),
            event: hash.and_then(|_| row.readable()).and_then(|record| AuditEvent::try_from(record).ok()),
        })
    }
}

impl SealedRow {
    /// The record, when each of its columns can be read.
    fn readable(self) -> Option<AuditRow> {
        Some(AuditRow {
            id: self.id.0?,
            at: self.at.0?,
            action: self.action.0?,
            actor_type: self.actor_type.0?,
            actor_id: self.actor_id.0?,
            actor_name: self.actor_name.0?,
            subject: self.subject.0?,
            details: self.details.0?,
            ip: self.ip.0?,
            user_agent: self.user_agent.0?,
            request_id: self.request_id.0?,
        })
    }
}
