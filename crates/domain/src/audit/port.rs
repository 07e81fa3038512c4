use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::{AuditArea, AuditEvent};
use crate::page::Limit;
use crate::{AuditId, StoreError, UserId};

/// Where a page of records starts: after this record in the query's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditKey {
    /// The record's time.
    pub at: OffsetDateTime,
    /// The record's id, which decides between records of the same microsecond.
    pub id: AuditId,
}

impl AuditKey {
    /// The key of one record.
    #[must_use]
    pub fn of(event: &AuditEvent) -> Self {
        Self { at: event.at, id: event.id }
    }
}

/// Which records are asked for. Every filter that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only records about this person.
    pub subject: Option<UserId>,
    /// Only records of what this person did.
    pub actor: Option<UserId>,
    /// Only records with exactly this action.
    pub action: Option<String>,
    /// Only records of this area.
    pub area: Option<AuditArea>,
    /// Only records at or after this time.
    pub from: Option<OffsetDateTime>,
    /// Only records before this time.
    pub to: Option<OffsetDateTime>,
    /// Only records that come after this one, newest first.
    pub after: Option<AuditKey>,
    /// How many at the most.
    pub limit: Limit,
}

/// Reads the audit trail.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuditReader: Send + Sync {
    /// The records that match, newest first (by time, then by id, both descending). Returns up to `limit + 1` records:
    /// the one too many only tells that more follow (see [`crate::page::Page::from_one_more`]).
    async fn list(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError>;
}
