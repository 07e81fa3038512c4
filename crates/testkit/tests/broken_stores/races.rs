//! Races with two winners: what may be written is read first and then written without a condition.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::api_key::ApiKeyStore;
use muster_domain::audit::{AuditEvent, AuditQuery, AuditReader};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::session::{Ending, SessionStore};
use muster_domain::verification::{Challenge, OpenOutcome, Quota, Refused, VerificationStore};
use muster_domain::{ApiKeyId, SessionId, StoreError, UserId};
use muster_testkit::MemoryStore;
use time::OffsetDateTime;

use crate::breakable::{Choices, Kept, Keys, Sessions, Verification, open_anyway};
use crate::{breaking, caught};

/// Reads whether it may write and then writes without a condition. The first writer waits until somebody else has read,
/// so that there are two winners however the tasks are scheduled.
struct LooksBeforeItLeaps {
    store: MemoryStore,
    looks: AtomicUsize,
    /// The one count that it keeps, for the case of one quota.
    opened: AtomicU32,
}

impl LooksBeforeItLeaps {
    fn new(store: MemoryStore) -> Self {
        Self { store, looks: AtomicUsize::new(0), opened: AtomicU32::new(0) }
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
impl Verification for LooksBeforeItLeaps {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let before = self.store.find_challenge(challenge.user_id, challenge.method).await?;
        if let Some(before) = before.filter(|before| before.resend_after > challenge.opened_at) {
            return Ok(OpenOutcome::TooSoon { opened_at: before.opened_at, resend_after: before.resend_after });
        }
        let used = self.opened.load(Ordering::SeqCst);
        if let Some(quota) = quotas.iter().find(|quota| used >= quota.max) {
            let until = challenge.opened_at + quota.window.length();
            return Ok(OpenOutcome::OverQuota { scope: quota.scope, until });
        }
        self.another_looks().await;
        self.opened.store(used + 1, Ordering::SeqCst);
        open_anyway(&self.store, challenge, event).await
    }

    async fn record_refusal(
        &self,
        refused: &Refused,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let key = AuditQuery { action: Some(event.action.clone()), ..AuditQuery::default() };
        if AuditReader::list(&self.store, &key).await?.iter().any(|last| last.at > cutoff) {
            return Ok(false);
        }
        self.another_looks().await;
        self.store.record_refusal(refused, refused.at, event).await?;
        Ok(true)
    }
}

#[async_trait]
impl Choices for LooksBeforeItLeaps {
    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        if self.store.load(user_id).await?.map_or(0, |stored| stored.version) != expected {
            return Ok(false);
        }
        self.another_looks().await;
        self.store.replace(user_id, expected, document, event).await?;
        Ok(true)
    }
}

#[async_trait]
impl Sessions for LooksBeforeItLeaps {
    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        ending: &Ending,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError> {
        if !SessionStore::list(&self.store, user_id, ending.at).await?.iter().any(|session| session.id == id) {
            return Ok(false);
        }
        self.another_looks().await;
        SessionStore::revoke(&self.store, user_id, id, ending, events).await?;
        Ok(true)
    }
}

#[async_trait]
impl Keys for LooksBeforeItLeaps {
    async fn revoke(&self, id: ApiKeyId, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        let keys = ApiKeyStore::list(&self.store).await?;
        if !keys.iter().any(|key| key.id == id && key.revoked_at.is_none()) {
            return Ok(false);
        }
        self.another_looks().await;
        ApiKeyStore::revoke(&self.store, id, at, event).await?;
        Ok(true)
    }
}

#[test]
fn a_race_with_two_winners_is_caught() {
    caught!(
        breaking!(verification, LooksBeforeItLeaps::new),
        verification::of_many_challenges_at_once_exactly_one_is_opened,
        "not exactly one challenge was opened"
    );
    caught!(
        breaking!(verification, LooksBeforeItLeaps::new),
        verification_quotas::however_many_challenges_are_opened_at_once_no_count_passes_its_max,
        "not as many were opened as the quota allows"
    );
    caught!(
        breaking!(verification, LooksBeforeItLeaps::new),
        verification_refusals::of_many_refusals_at_once_exactly_one_is_recorded,
        "not exactly one refusal was recorded"
    );
    caught!(
        breaking!(preferences, LooksBeforeItLeaps::new),
        preferences::of_many_replacements_at_once_with_one_expected_version_exactly_one_is_true,
        "not exactly one replacement was made"
    );
    caught!(
        breaking!(sessions, LooksBeforeItLeaps::new),
        sessions::of_many_revocations_at_once_exactly_one_is_true,
        "not exactly one revocation ended the session"
    );
    caught!(
        breaking!(api_keys, LooksBeforeItLeaps::new),
        api_keys::of_many_revocations_at_once_exactly_one_is_true,
        "not exactly one revocation ended the key"
    );
}
