//! Races with two winners: what may be written is read first and then written without a condition.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::audit::{AuditEvent, RevokeReason};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::session::SessionStore;
use muster_domain::verification::{Challenge, OpenOutcome, VerificationStore};
use muster_domain::{SessionId, StoreError, UserId};
use muster_testkit::MemoryStore;
use time::OffsetDateTime;

use crate::breakable::{Choices, Kept, Sessions, Verification, whenever};
use crate::{breaking, caught};

/// Reads whether it may write and then writes without a condition. The first writer waits until somebody else has read,
/// so that there are two winners however the tasks are scheduled.
struct LooksBeforeItLeaps {
    store: MemoryStore,
    looks: AtomicUsize,
}

impl LooksBeforeItLeaps {
    fn new(store: MemoryStore) -> Self {
        Self { store, looks: AtomicUsize::new(0) }
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
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let before = self.store.find_challenge(challenge.user_id, challenge.method).await?;
        if let Some(before) = before.filter(|before| before.opened_at > cutoff) {
            return Ok(OpenOutcome::TooSoon { opened_at: before.opened_at });
        }
        self.another_looks().await;
        self.store.open_challenge(challenge, whenever(challenge), event).await
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
        reason: RevokeReason,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError> {
        if !SessionStore::list(&self.store, user_id, at).await?.iter().any(|session| session.id == id) {
            return Ok(false);
        }
        self.another_looks().await;
        self.store.revoke(user_id, id, reason, at, events).await?;
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
        breaking!(preferences, LooksBeforeItLeaps::new),
        preferences::of_many_replacements_at_once_with_one_expected_version_exactly_one_is_true,
        "not exactly one replacement was made"
    );
    caught!(
        breaking!(sessions, LooksBeforeItLeaps::new),
        sessions::of_many_revocations_at_once_exactly_one_is_true,
        "not exactly one revocation ended the session"
    );
}
