use std::cmp::Reverse;
use std::net::IpAddr;

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::break_glass::{
    AttemptLimit, BreakGlassAccount, BreakGlassStore, Credential, PasswordHash, PasswordTag, Refusal, RefusalRecord,
};
use muster_domain::directory::InsertOutcome;
use muster_domain::notice::Notice;
use muster_domain::user::{User, fold};
use muster_domain::{StoreError, UserId};
use time::{Duration, OffsetDateTime};

use crate::MemoryStore;
use crate::memory::State;

/// An account and its password's hash.
#[derive(Debug, Clone)]
pub(super) struct KeptAccount {
    account: BreakGlassAccount,
    hash: PasswordHash,
    tag: PasswordTag,
}

/// What attempts are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum AttemptKey {
    Address(IpAddr),
    /// Refused ones, by the account's folded name.
    Refused(Option<String>),
}

/// How many attempts one window has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptCount {
    pub(super) began_at: OffsetDateTime,
    used: u64,
}

#[async_trait]
impl BreakGlassStore for MemoryStore {
    async fn insert(
        &self,
        user: &User,
        name: &str,
        hash: &PasswordHash,
        tag: PasswordTag,
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
        state.break_glass.insert(user.id, KeptAccount { account, hash: hash.clone(), tag });
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
            tag: Some(kept.tag),
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
        limit: &AttemptLimit,
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let mut state = self.open()?;
        let key = AttemptKey::Address(limit.address);
        let count = state.attempts_so_far(&key, limit.window, at);
        if count.used >= limit.max.into() {
            return Ok(Some(count.began_at + limit.window));
        }
        state.attempts.insert(key, AttemptCount { used: count.used + 1, ..count });
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

    async fn record_refusal(&self, refusal: &Refusal) -> Result<u64, StoreError> {
        let mut state = self.open()?;
        let key = AttemptKey::Refused(refusal.account.as_deref().map(fold));
        let count = state.attempts_so_far(&key, Refusal::WINDOW, refusal.at);
        let number = count.used + 1;
        let record = RefusalRecord::of(number);
        if record == RefusalRecord::FloodBegins {
            for notice in &refusal.notices {
                state.require_user(notice.user_id)?;
            }
            state.add_notices(&refusal.notices);
        }
        state.attempts.insert(key, AttemptCount { used: number, ..count });
        state.trail.extend(refusal.record(number));
        Ok(number)
    }
}

impl State {
    /// Whose the account of that name is that works.
    fn working_account(&self, name: &str) -> Option<UserId> {
        let works = |account: &&BreakGlassAccount| account.revoked_at.is_none() && fold(&account.name) == fold(name);
        self.break_glass.values().map(|kept| &kept.account).find(works).map(|account| account.user_id)
    }

    /// The count of a window at `at`, which begins then unless one is running.
    fn attempts_so_far(&self, key: &AttemptKey, window: Duration, at: OffsetDateTime) -> AttemptCount {
        let running = self.attempts.get(key).filter(|count| at < count.began_at + window);
        running.copied().unwrap_or(AttemptCount { began_at: at, used: 0 })
    }
}
