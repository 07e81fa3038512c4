//! Stores that make, use and revoke break-glass accounts as they must not, and miscount attempts.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::break_glass::{AttemptLimit, BreakGlassStore, PasswordHash, PasswordTag, Refusal};
use muster_domain::directory::{DirectoryStore, InsertOutcome, PersonKey};
use muster_domain::notice::Notice;
use muster_domain::user::{Account, User, UserStore};
use muster_domain::{StoreError, UserId};
use muster_testkit::MemoryStore;
use time::OffsetDateTime;

use crate::breakable::{BreakGlass, Kept, Users, over_memory};
use crate::records::record;
use crate::{breaking, caught};

over_memory! {
    /// Takes any number of accounts of one name.
    NoIndex;
    /// Notes the use of an account whether or not it works.
    Trusting;
    /// Takes break-glass accounts for admins of the directory's.
    TellsItself;
    /// Records each attempt of a flood.
    RecordsEach;
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
        limit: &AttemptLimit,
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let used = self.attempts.load(Ordering::SeqCst);
        if used >= limit.max {
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
        tag: PasswordTag,
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError> {
        BreakGlassStore::insert(&self.0, user, &format!("{name} {}", user.id), hash, tag, event).await
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
impl BreakGlass for RecordsEach {
    async fn record_refusal(&self, refusal: &Refusal) -> Result<u64, StoreError> {
        let number = self.0.record_refusal(refusal).await?;
        if number > Refusal::FLOOD {
            record(&self.0, &refusal.refused).await?;
        }
        Ok(number)
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
fn a_flood_of_records_is_caught() {
    caught!(
        breaking!(break_glass, RecordsEach),
        sign_in_refusals::refusals_are_recorded_one_by_one_until_they_are_a_flood,
        "each attempt of a flood is recorded"
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
