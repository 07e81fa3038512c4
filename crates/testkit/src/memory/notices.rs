use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::notice::{Due, Notice, NoticeStore};
use muster_domain::{NoticeId, StoreError};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl NoticeStore for MemoryStore {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        let mut state = self.open()?;
        let waiting = state.notices.iter().filter(|(_, (_, due_at))| *due_at <= due.now);
        let mut waiting: Vec<(OffsetDateTime, NoticeId)> = waiting.map(|(id, (_, due_at))| (*due_at, *id)).collect();
        waiting.sort_unstable();
        waiting.truncate(due.limit.into());
        let mut claimed = Vec::new();
        for (_, id) in waiting {
            if let Some((notice, due_at)) = state.notices.get_mut(&id) {
                notice.attempts = notice.attempts.saturating_add(1);
                *due_at = due.again_at;
                claimed.push(notice.clone());
            }
        }
        Ok(claimed)
    }

    async fn finish(&self, id: NoticeId, events: &[AuditEvent]) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.notices.remove(&id).is_some() {
            state.trail.extend_from_slice(events);
        }
        Ok(())
    }

    async fn postpone(&self, id: NoticeId, at: OffsetDateTime) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if let Some((_, due_at)) = state.notices.get_mut(&id) {
            *due_at = at;
        }
        Ok(())
    }
}

impl State {
    pub(super) fn add_notices(&mut self, notices: &[Notice]) {
        for notice in notices {
            self.notices.insert(notice.id, (notice.clone(), notice.created_at));
        }
    }
}
