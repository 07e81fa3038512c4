use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::notice::Notice;
use crate::{NoticeId, StoreError};

/// Which notices a server takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Those that wait since then or before.
    pub now: OffsetDateTime,
    /// When they are due again, should this server be gone before it is done with them.
    pub again_at: OffsetDateTime,
    /// How many at the most.
    pub limit: u16,
}

/// Keeps notices until they are sent. They come in with the changes that they tell of, through other ports; each is due
/// from its `created_at`.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Takes notices that are due, the longest due first, counts one more attempt of each, and makes them due again at
    /// `again_at`. Returns them with that count. Of any number of servers that do this at once, no two take the same.
    /// One that cannot be read holds up no other: it is left out, and stays. It is the error when there is no other.
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError>;

    /// Forgets a notice and writes `events`, all or nothing. A notice that is gone already writes nothing.
    async fn finish(&self, id: NoticeId, events: &[AuditEvent]) -> Result<(), StoreError>;

    /// Makes a notice due at `at` again.
    async fn postpone(&self, id: NoticeId, at: OffsetDateTime) -> Result<(), StoreError>;
}
