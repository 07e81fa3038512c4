//! Stores that make, use and revoke break-glass accounts as they must not, and miscount attempts.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::break_glass::{AttemptLimit, BreakGlassStore, PasswordHash};
use muster_domain::directory::{DirectoryStore, InsertOutcome, PersonKey};
use muster_domain::notice::Notice;
use muster_domain::user::{Account, User, UserStore};
use muster_domain::{StoreError, UserId};
use muster_testkit::MemoryStore;
use time::OffsetDateTime;

use crate::breakable::{BreakGlass, Kept, Users, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Takes any number of accounts of one name.
    NoIndex;
    /// Notes the use of an account whether or not it works.
    Trusting;
    /// Takes break-glass accounts for admins of the directory's.
    TellsItself;
    /// Counts against each limit by itself.
    OneByOne;
    /// Tells the end of the first limit that is used up.
    FirstEnd;
    /// Finds a local account by a login.
    AnyLogin;
}

/// Reads whether it may write and then writes without a condition. The first waits until somebody else has read.
struct LooksBeforeItLeaps {
    store: MemoryStore,
    looks: AtomicUsize,
    attempts: AtomicU32,
}

impl LooksBeforeItLeaps {
    fn new(store: MemoryStore) -> Self {
        Self { store, looks: AtomicUsize::new(0), attempts: AtomicU32::new(0) }
    }

    async fn another_looks(&self) {
        self.looks.fetch_add(1, Ordering::SeqCst);
        while self.looks.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
    }
}

impl Kept for LooksBeforeItLeaps {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl BreakGlass for LooksBeforeItLeaps {
    async fn revoke(&self, name: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        if BreakGlassStore::find(&self.store, name).await?.is_none() {
            return Ok(false);
        }
        self.another_looks().await;
        BreakGlassStore::revoke(&self.store, name, at, event).await?;
        Ok(true)
    }

    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let used = self.attempts.load(Ordering::SeqCst);
        let most = limits.iter().max_by_key(|limit| limit.max);
        if let Some(limit) = most.filter(|limit| used >= limit.max) {
            return Ok(Some(at + limit.window));
        }
        self.another_looks().await;
        self.attempts.store(used + 1, Ordering::SeqCst);
        Ok(None)
    }
}

#[async_trait]
impl BreakGlass for NoIndex {
    async fn insert(
        &self,
        user: &User,
        name: &str,
        hash: &PasswordHash,
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError> {
        BreakGlassStore::insert(&self.0, user, &format!("{name} {}", user.id), hash, event).await
    }
}

#[async_trait]
impl BreakGlass for Trusting {
    async fn record_use(
        &self,
        id: UserId,
        at: OffsetDateTime,
        notices: &[Notice],
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.0.record_use(id, at, notices, event).await?;
        Ok(true)
    }
}

#[async_trait]
impl BreakGlass for TellsItself {
    async fn admins(&self) -> Result<Vec<UserId>, StoreError> {
        let mut admins = self.0.admins().await?;
        admins.extend(BreakGlassStore::list(&self.0).await?.iter().map(|account| account.user_id));
        Ok(admins)
    }
}

#[async_trait]
impl BreakGlass for OneByOne {
    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        for limit in limits {
            let until = self.0.count_attempt(std::slice::from_ref(limit), at).await?;
            if until.is_some() {
                return Ok(until);
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl BreakGlass for FirstEnd {
    async fn count_attempt(
        &self,
        limits: &[AttemptLimit],
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let until = self.0.count_attempt(limits, at).await?;
        Ok(until.zip(limits.first()).map(|(_, limit)| at + limit.window))
    }
}

#[async_trait]
impl Users for AnyLogin {
    async fn find_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let key = PersonKey { external_id: None, user_name: login.to_owned(), email: None };
        match self.0.find_people(&key).await?.target() {
            Some(user) => Ok(Some(user.account())),
            None => UserStore::find_login(&self.0, login).await,
        }
    }
}

#[test]
fn an_account_that_two_make_or_revoke_is_caught() {
    caught!(
        breaking!(break_glass, NoIndex),
        break_glass::of_many_accounts_of_one_name_at_once_exactly_one_is_inserted,
        "not exactly one account was made"
    );
    caught!(
        breaking!(break_glass, LooksBeforeItLeaps::new),
        break_glass::of_many_revocations_at_once_exactly_one_is_true,
        "not exactly one revocation ended the account"
    );
}

#[test]
fn attempts_that_are_read_and_then_written_are_caught() {
    caught!(
        breaking!(break_glass, LooksBeforeItLeaps::new),
        sign_in_attempts::however_many_attempts_are_made_at_once_no_count_passes_its_max,
        "not as many were counted as the limit allows"
    );
}

#[test]
fn an_attempt_that_counts_against_some_limits_only_is_caught() {
    caught!(
        breaking!(break_glass, OneByOne),
        sign_in_attempts::an_attempt_counts_against_every_limit_or_none,
        "an attempt that was refused counts"
    );
}

#[test]
fn an_end_that_is_not_the_latest_is_caught() {
    caught!(
        breaking!(break_glass, FirstEnd),
        sign_in_attempts::of_several_used_up_limits_the_latest_end_is_told,
        "not the latest end is told"
    );
}

#[test]
fn the_use_of_a_revoked_account_is_caught() {
    caught!(
        breaking!(break_glass, Trusting),
        break_glass::no_use_is_noted_of_an_account_that_does_not_work,
        "a use was noted of an account that does not work"
    );
}

#[test]
fn a_local_admin_who_is_told_is_caught() {
    caught!(
        breaking!(break_glass, TellsItself),
        break_glass::the_directorys_active_admins_who_have_an_address_are_told,
        "not the directory's active admins"
    );
}

#[test]
fn a_local_account_with_a_login_is_caught() {
    caught!(breaking!(users, AnyLogin), users::a_login_is_never_a_local_account, "a local account was found");
}
