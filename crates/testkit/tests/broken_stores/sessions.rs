//! Stores that open sessions and register devices which they must not, and keep what should go.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceRemoval, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::session::{Ending, IssueOutcome, Opening, SessionStore};
use muster_domain::verification::{Challenge, OpenOutcome, Quota, VerificationStore};
use muster_domain::{SessionId, StoreError, UserId};
use muster_testkit::MemoryStore;

use crate::breakable::{Devices, Kept, Sessions, Verification, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Opens any number of sessions.
    Endless;
    /// Takes any credential for one of a live session.
    Trusting;
    /// Leaves the sessions on a device that is removed.
    LeavesSessions;
    /// Removes a device whenever it was registered.
    RemovesAnyway;
    /// Opens challenges for devices that are gone.
    SendsAnywhere;
}

/// Looks whether the presented session is live, and opens the new one once it is not.
struct OpensLate {
    store: MemoryStore,
    is_revoked: AtomicBool,
}

impl OpensLate {
    fn new(store: MemoryStore) -> Self {
        Self { store, is_revoked: AtomicBool::new(false) }
    }
}

impl Kept for OpensLate {
    fn kept(&self) -> &MemoryStore {
        &self.store
    }
}

#[async_trait]
impl Sessions for OpensLate {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        let (owner, at) = (opening.session.user_id, opening.session.created_at);
        if let Some(id) = opening.presented {
            if SessionStore::list(&self.store, owner, at).await?.iter().all(|live| live.id != id) {
                return Ok(IssueOutcome::SessionEnded);
            }
            while !self.is_revoked.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            // The end of the session is told first.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        self.store.issue(&Opening { presented: None, ..opening.clone() }, event).await
    }

    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        ending: &Ending,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError> {
        let revoked = SessionStore::revoke(&self.store, user_id, id, ending, events).await?;
        self.is_revoked.store(true, Ordering::SeqCst);
        Ok(revoked)
    }
}

#[async_trait]
impl Sessions for Endless {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        self.0.issue(&Opening { max: u32::MAX, ..opening.clone() }, event).await
    }
}

#[async_trait]
impl Sessions for Trusting {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        self.0.issue(&Opening { presented: None, ..opening.clone() }, event).await
    }
}

#[async_trait]
impl Devices for Trusting {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        _: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        DeviceStore::register(&self.0, device, max, None, events).await
    }
}

#[async_trait]
impl Devices for LeavesSessions {
    async fn remove(&self, removal: &DeviceRemoval, event: &AuditEvent) -> Result<bool, StoreError> {
        DeviceStore::remove(&self.0, &DeviceRemoval { ending: None, ..removal.clone() }, event).await
    }
}

#[async_trait]
impl Devices for RemovesAnyway {
    async fn remove(&self, removal: &DeviceRemoval, event: &AuditEvent) -> Result<bool, StoreError> {
        DeviceStore::remove(&self.0, &DeviceRemoval { unless_seen_after: None, ..removal.clone() }, event).await
    }
}

#[async_trait]
impl Verification for SendsAnywhere {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        match self.0.open_challenge(challenge, quotas, event).await? {
            OpenOutcome::NoDevice => {
                self.0.open_challenge(&Challenge { device_id: None, ..challenge.clone() }, quotas, event).await
            }
            outcome => Ok(outcome),
        }
    }
}

#[test]
fn sessions_without_a_limit_are_caught() {
    caught!(
        breaking!(sessions, Endless),
        session_limits::however_many_sessions_are_opened_at_once_no_person_has_more_than_the_most,
        "a person has more live sessions than the most"
    );
}

#[test]
fn a_session_that_is_over_and_opens_another_is_caught() {
    caught!(
        breaking!(sessions, Trusting),
        session_limits::no_session_is_opened_with_the_credential_of_a_session_that_is_over,
        "a session that is over opens another"
    );
    caught!(
        breaking!(sessions, OpensLate::new),
        session_limits::a_revocation_and_many_openings_by_its_credential_at_once_leave_none_opened_after_it,
        "a session was opened by one that was over"
    );
}

#[test]
fn a_device_that_outlives_its_session_is_caught() {
    caught!(
        breaking!(devices, Trusting),
        session_endings::no_device_is_registered_with_the_credential_of_a_session_that_is_over,
        "a session that is over registers devices"
    );
    caught!(
        breaking!(devices, Trusting),
        session_endings::a_session_that_ends_takes_the_devices_that_were_registered_with_its_credential,
        "a device outlives its session"
    );
}

#[test]
fn a_session_that_outlives_its_device_is_caught() {
    caught!(
        breaking!(devices, LeavesSessions),
        session_endings::the_sessions_on_a_device_end_when_its_owner_removes_it,
        "not the sessions on the device ended"
    );
}

#[test]
fn a_code_for_a_device_that_is_gone_is_caught() {
    caught!(
        breaking!(verification, SendsAnywhere),
        verification::no_challenge_is_opened_for_a_device_that_is_not_the_persons_any_more,
        "NoDevice"
    );
}

#[test]
fn a_device_that_is_removed_although_it_was_registered_again_is_caught() {
    caught!(
        breaking!(devices, RemovesAnyway),
        devices::a_device_that_was_registered_again_is_not_removed_for_what_was_before,
        "it was registered after that"
    );
}
