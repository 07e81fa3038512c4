use std::cmp::Reverse;

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::break_glass::{AttemptLimit, BreakGlassAccount, BreakGlassStore, Credential, PasswordHash};
use muster_domain::directory::InsertOutcome;
use muster_domain::notice::Notice;
use muster_domain::user::{User, fold};
use muster_domain::{StoreError, UserId};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

/// An account and its password's hash.
#[derive(Debug, Clone)]
pub(super) struct KeptAccount {
    account: BreakGlassAccount,
    hash: PasswordHash,
}

/// How many attempts one window has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptCount {
    pub(super) began_at: OffsetDateTime,
    used: u32,
}

#[async_trait]
impl BreakGlassStore for MemoryStore {
    async fn insert(
        &self,
        user: &User,
        name: &str,
        hash: &PasswordHash,
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError> {
        let mut state = self.open()?;
        if state.working_account(name).is_some() {
            return Ok(InsertOutcome::Taken);
        }
        let account = BreakGlassAccount {
            user_id: user.id,
            name: name.to_owned(),
            created_at: user.created_at,
            revoked_at: None,
            last_used_at: None,
        };
        state.users.insert(user.id, user.clone());
        state.break_glass.insert(user.id, KeptAccount { account, hash: hash.clone() });
        state.trail.push(event.clone());
        Ok(InsertOutcome::Inserted)
    }

    async fn list(&self) -> Result<Vec<BreakGlassAccount>, StoreError> {
        let state = self.open()?;
        let mut accounts: Vec<BreakGlassAccount> =
            state.break_glass.values().map(|kept| kept.account.clone()).collect();
        accounts.sort_by_cached_key(|account| (fold(&account.name), Reverse((account.created_at, account.user_id))));
        Ok(accounts)
    }

    async fn find(&self, name: &str) -> Result<Option<Credential>, StoreError> {
        let state = self.open()?;
        let found = state.working_account(name).and_then(|id| state.break_glass.get(&id));
        Ok(found.map(|kept| Credential {
            user_id: kept.account.user_id,
            name: kept.account.name.clone(),
            hash: kept.hash.clone(),
        }))
    }

    async fn revoke(&self, name: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(id) = state.working_account(name) else {
            return Ok(false);
        };
        if let Some(kept) = state.break_glass.get_mut(&id) {
            kept.account.revoked_at = Some(at);
        }
        if let Some(user) = state.users.get_mut(&id) {
            user.active = false;
            user.updated_at = at;
        }
        state.trail.push(event.clone());
        Ok(true)
    }

    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let mut state = self.open()?;
        let full = limits.iter().filter_map(|limit| {
            let count = state.running_count_of(limit, at);
            (count.used >= limit.max).then_some(count.began_at + limit.window)
        });
        if let Some(until) = full.max() {
            return Ok(Some(until));
        }
        for limit in limits {
            let count = state.running_count_of(limit, at);
            state.attempts.insert(limit.scope.clone(), AttemptCount { used: count.used + 1, ..count });
        }
        Ok(None)
    }

    async fn admins(&self) -> Result<Vec<UserId>, StoreError> {
        Ok(self.open()?.active_admins().filter(|user| user.email.is_some()).map(|user| user.id).collect())
    }

    async fn record_use(
        &self,
        user_id: UserId,
        at: OffsetDateTime,
        notices: &[Notice],
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        for notice in notices {
            state.require_user(notice.user_id)?;
        }
        let Some(kept) = state.break_glass.get_mut(&user_id).filter(|kept| kept.account.revoked_at.is_none()) else {
            return Ok(false);
        };
        kept.account.last_used_at = kept.account.last_used_at.max(Some(at));
        state.add_notices(notices);
        state.trail.push(event.clone());
        Ok(true)
    }

    async fn record_refusal(&self, event: &AuditEvent) -> Result<(), StoreError> {
        self.open()?.trail.push(event.clone());
        Ok(())
    }
}

impl State {
    /// Whose the account of that name is that works.
    fn working_account(&self, name: &str) -> Option<UserId> {
        let works = |account: &&BreakGlassAccount| account.revoked_at.is_none() && fold(&account.name) == fold(name);
        self.break_glass.values().map(|kept| &kept.account).find(works).map(|account| account.user_id)
    }

    /// The count of a limit's window at `at`, which begins then unless one is running.
    fn running_count_of(&self, limit: &AttemptLimit, at: OffsetDateTime) -> AttemptCount {
        let running = self.attempts.get(&limit.scope).filter(|count| at < count.began_at + limit.window);
        running.copied().unwrap_or(AttemptCount { began_at: at, used: 0 })
    }
}
