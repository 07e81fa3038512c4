//! Stale reads: a cache that nobody empties.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use muster_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyStore};
use muster_domain::audit::AuditEvent;
use muster_domain::session::{IssueOutcome, Opening, RefreshCandidate, SessionStore, TokenHash};
use muster_domain::user::{Account, ProfileFacts, ProfileReader, UserStore};
use muster_domain::{StoreError, UserId};
use muster_testkit::MemoryStore;

use crate::breakable::{Kept, Keys, Profiles, Sessions, Users};
use crate::{breaking, caught};

/// Answers as it did the first time that it was asked.
struct Stale<K, V> {
    store: MemoryStore,
    first: Mutex<HashMap<K, V>>,
}

impl<K: Copy + Eq + Hash, V: Clone> Stale<K, V> {
    fn new(store: MemoryStore) -> Self {
        Self { store, first: Mutex::default() }
    }

    fn first_of(&self, key: K, now: V) -> V {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(now).clone()
    }
}

impl<K: Send + 'static, V: Send + 'static> Kept for Stale<K, V> {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Users for Stale<UserId, Option<Account>> {
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.first_of(id, self.store.account(id).await?))
    }
}

#[async_trait]
impl Profiles for Stale<UserId, Option<ProfileFacts>> {
    async fn profile(&self, id: UserId) -> Result<Option<ProfileFacts>, StoreError> {
        Ok(self.first_of(id, self.store.profile(id).await?))
    }
}

#[async_trait]
impl Keys for Stale<ApiKeyHash, Option<ApiKey>> {
    async fn find(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.first_of(*hash, self.store.find(hash).await?))
    }
}

/// The profile of a refresh is the first that this store showed; the session is the right one.
#[async_trait]
impl Sessions for Stale<UserId, ProfileFacts> {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        let owner = opening.session.user_id;
        if let Some(facts) = self.store.profile(owner).await? {
            self.first_of(owner, facts);
        }
        self.store.issue(opening, event).await
    }

    async fn load_for_refresh(&self, hash: &TokenHash) -> Result<Option<RefreshCandidate>, StoreError> {
        Ok(self.store.load_for_refresh(hash).await?.map(|found| {
            let profile = self.first_of(found.session.user_id, found.profile);
            RefreshCandidate { profile, ..found }
        }))
    }
}

#[test]
fn a_stale_read_is_caught() {
    let stale = "what was, not";
    caught!(breaking!(users, Stale::<UserId, Option<Account>>::new), users::an_account_is_never_a_stale_answer, stale);
    caught!(
        breaking!(profiles, Stale::<UserId, Option<ProfileFacts>>::new),
        profiles::a_profile_is_never_a_stale_answer,
        stale
    );
    caught!(
        breaking!(sessions, Stale::<UserId, ProfileFacts>::new),
        sessions::a_candidate_shows_what_was_committed_last,
        stale
    );
    caught!(
        breaking!(api_keys, Stale::<ApiKeyHash, Option<ApiKey>>::new),
        api_keys::a_found_key_is_never_a_stale_answer,
        stale
    );
}
