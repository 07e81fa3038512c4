use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::{Actor, AuditEvent, AuditKey, AuditQuery, AuditReader};

use crate::MemoryStore;

#[async_trait]
impl AuditReader for MemoryStore {
    async fn list(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let state = self.open()?;
        let mut events: Vec<&AuditEvent> = state.trail.iter().filter(|event| matches(query, event)).collect();
        events.sort_by_key(|event| std::cmp::Reverse(AuditKey::of(event)));
        Ok(events.into_iter().take(usize::from(query.limit.get()) + 1).cloned().collect())
    }
}

fn matches(query: &AuditQuery, event: &AuditEvent) -> bool {
    query.subject.is_none_or(|subject| event.subject == Some(subject))
        && query.actor.is_none_or(|id| event.origin.actor == Actor::User { id })
        && query.action.as_ref().is_none_or(|action| event.action == *action)
        && query.area.is_none_or(|area| area.actions().contains(&event.action))
        && query.from.is_none_or(|from| event.at >= from)
        && query.to.is_none_or(|to| event.at < to)
        && query.after.is_none_or(|after| AuditKey::of(event) < after)
}
