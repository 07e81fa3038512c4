//! The author of an adapter of one port runs that port's part of the contract suite with one line:
//! `cargo test -p muster-testkit --test adapter_contract`.
//!
//! The adapter here stands before another store and counts what a dashboard shows. A case sets up and looks through all
//! ports over the same data, so the others are those of the store behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::preferences::{PreferenceStore, Preferences, StoredPreferences};
use muster_domain::{StoreError, UserId};
use muster_testkit::{MemoryStore, Stores};

/// Preferences, with a count of the writes that came too late because somebody else wrote first.
struct Counted<S> {
    store: S,
    overtaken: AtomicU64,
}

impl<S> Counted<S> {
    fn new(store: S) -> Self {
        Self { store, overtaken: AtomicU64::new(0) }
    }
}

#[async_trait]
impl<S: PreferenceStore> PreferenceStore for Counted<S> {
    async fn load(&self, user_id: UserId) -> Result<Option<StoredPreferences>, StoreError> {
        self.store.load(user_id).await
    }

    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let replaced = self.store.replace(user_id, expected, document, event).await?;
        if !replaced {
            self.overtaken.fetch_add(1, Ordering::Relaxed);
        }
        Ok(replaced)
    }
}

/// A fresh, empty store for each case of the suite.
async fn counted() -> Stores {
    let store = MemoryStore::new();
    Stores { preferences: Arc::new(Counted::new(store.clone())), ..Stores::new(store) }
}

muster_testkit::contract_tests!(counted, preferences);

/// What is the adapter's own, no contract tests.
#[tokio::test]
async fn a_write_that_comes_too_late_is_counted() {
    use muster_domain::directory::DirectoryStore;

    let (store, make) = (MemoryStore::new(), muster_testkit::Builders::default());
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    let preferences = Counted::new(store);
    for (expected, written) in [(0, true), (0, false), (1, true)] {
        let event = make.event("test.replaced", Some(ada.id));
        let replaced = preferences.replace(ada.id, expected, &Preferences::default(), &event).await.unwrap();
        assert_eq!(replaced, written);
    }
    assert_eq!(preferences.overtaken.load(Ordering::Relaxed), 1);
}
