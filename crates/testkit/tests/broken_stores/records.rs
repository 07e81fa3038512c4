//! Audit records that are missing, and records of what was refused.

use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::api_key::{ApiKeyStore, KeyRotation, RotateKeyOutcome};
use muster_domain::audit::{AuditEvent, AuditQuery, AuditReader};
use muster_domain::device::{Device, DeviceRemoval, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::directory::{DirectoryStore, InsertOutcome, UpdateOutcome, UserUpdate};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::session::{Ending, IssueOutcome, Opening, RotateOutcome, Rotation, SessionStore};
use muster_domain::team::{Member, Team};
use muster_domain::user::{Role, RoleOutcome, User, UserStore};
use muster_domain::verification::{Challenge, Delivery, Fingerprint, OpenOutcome, Quota, Refused, VerificationStore};
use muster_domain::{ApiKeyId, ChallengeId, SessionId, StoreError, UserId};
use muster_testkit::{MemoryStore, Stores};
use time::OffsetDateTime;

use crate::breakable::{Broken, Choices, Devices, Directory, Kept, Keys, Sessions, Trail, Users, Verification};
use crate::{breaking, caught};

/// Writes a record and nothing else: the delivery is of no challenge.
pub(crate) async fn record(store: &MemoryStore, event: &AuditEvent) -> Result<(), StoreError> {
    let none = ChallengeId(event.id.0);
    store.record_delivery(none, &Delivery::Captured, event).await
}

/// Writes no records of one action. Whoever reads the trail cannot tell that from one that leaves them out.
struct Unrecorded(MemoryStore, &'static str);

impl Kept for Unrecorded {
    fn kept(&self) -> &MemoryStore {
        &self.0
    }
}

#[async_trait]
impl Trail for Unrecorded {
    async fn list(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let mut events = AuditReader::list(&self.0, query).await?;
        events.retain(|event| event.action != self.1);
        Ok(events)
    }
}

fn unrecorded(action: &'static str) -> impl Fn(MemoryStore) -> Stores {
    move |store| Stores { audit: Arc::new(Broken(Unrecorded(store.clone(), action))), ..Stores::new(store) }
}

#[test]
fn a_missing_record_of_any_change_is_caught() {
    macro_rules! missing {
        ($($action:literal: $area:ident::$case:ident;)*) => {
            $(caught!(unrecorded($action), $area::$case, "not in the audit trail");)*
        };
    }
    missing! {
        "test.opened": verification::an_opened_challenge_is_found_as_it_was_given;
        "test.sent": verification::a_delivery_is_noted_and_recorded_and_changes_nothing_else;
        "test.failed": verification::a_wrong_code_is_counted_and_recorded;
        "test.refused": verification_refusals::the_first_refusal_of_a_person_is_recorded;
        "test.completed": verification_proofs::the_right_code_closes_the_challenge_and_proves_the_destination;
        "device.registered": devices::a_device_that_nobody_has_is_created_as_it_was_given;
        "device.updated": devices::a_device_that_the_person_has_is_updated_and_keeps_id_proof_and_creation;
        "device.released": devices::a_device_that_another_person_has_moves_without_its_proof;
        "test.removed": devices::a_removed_device_goes_with_its_proof_and_its_challenge_is_cancelled;
        "session.revoked": session_endings::a_session_that_ends_takes_the_device_that_it_names;
        "device.removed": session_endings::a_session_that_ends_takes_the_device_that_it_names;
        "test.refused": sign_in_refusals::refusals_are_recorded_one_by_one_until_they_are_a_flood;
        "test.flooded": sign_in_refusals::refusals_are_recorded_one_by_one_until_they_are_a_flood;
        "test.issued": sessions::an_issued_session_reads_back_as_it_was_given;
        "test.second": sessions::a_live_session_of_that_person_is_revoked;
        "test.rotated": sessions_rotation::the_first_rotation_stores_the_successor_and_supersedes_nothing;
        "test.repeated": sessions_rotation::a_repeated_rotation_keeps_the_successor_with_the_salt_of_the_first;
        "test.replaced": preferences::preferences_read_back_as_they_were_stored;
        "test.role": users::a_changed_role_is_written_with_its_record;
        "test.inserted": api_keys::a_key_reads_back_as_it_was_inserted;
        "test.revoked": api_keys::a_key_that_is_not_revoked_is_revoked_with_its_record;
        "test.rotated": api_keys::a_rotation_adds_a_key_with_the_name_and_the_scopes_of_the_old_one;
        "test.inserted": directory::a_person_reads_back_as_they_were_inserted;
        "test.second": directory::an_updated_person_reads_back_as_they_were_given;
        "test.team": directory::a_team_is_inserted_with_its_members_and_its_record;
    }
}

/// Records also what it refuses.
struct RecordsRefusals(MemoryStore);

impl Kept for RecordsRefusals {
    fn kept(&self) -> &MemoryStore {
        &self.0
    }
}

impl RecordsRefusals {
    /// The outcome, with a record of it when it is a refusal.
    async fn told<T>(&self, outcome: T, refused: impl Fn(&T) -> bool, event: &AuditEvent) -> Result<T, StoreError> {
        if refused(&outcome) {
            record(&self.0, event).await?;
        }
        Ok(outcome)
    }
}

#[async_trait]
impl Verification for RecordsRefusals {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let outcome = self.0.open_challenge(challenge, quotas, event).await?;
        self.told(outcome, |outcome| *outcome != OpenOutcome::Opened, event).await
    }

    async fn record_refusal(
        &self,
        refused: &Refused,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.told(self.0.record_refusal(refused, cutoff, event).await?, |recorded| !recorded, event).await
    }

    async fn spend_attempt(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<Option<u8>, StoreError> {
        self.told(self.0.spend_attempt(id, at, event).await?, Option::is_none, event).await
    }

    async fn complete_challenge(
        &self,
        id: ChallengeId,
        destination: &Fingerprint,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.told(self.0.complete_challenge(id, destination, at, event).await?, |completed| !completed, event).await
    }
}

#[async_trait]
impl Devices for RecordsRefusals {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        session: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let outcome = DeviceStore::register(&self.0, device, max, session, events).await?;
        self.told(outcome, |outcome| *outcome == RegisterOutcome::LimitReached, &events.registered).await
    }

    async fn remove(&self, removal: &DeviceRemoval, event: &AuditEvent) -> Result<bool, StoreError> {
        let removed = DeviceStore::remove(&self.0, removal, event).await?;
        self.told(removed, |removed| !removed, event).await
    }
}

#[async_trait]
impl Sessions for RecordsRefusals {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        let outcome = self.0.issue(opening, event).await?;
        self.told(outcome, |outcome| *outcome != IssueOutcome::Issued, event).await
    }

    async fn rotate(&self, rotation: &Rotation, event: &AuditEvent) -> Result<RotateOutcome, StoreError> {
        let outcome = SessionStore::rotate(&self.0, rotation, event).await?;
        self.told(outcome, |outcome| *outcome == RotateOutcome::Overtaken, event).await
    }

    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        ending: &Ending,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError> {
        let revoked = SessionStore::revoke(&self.0, user_id, id, ending, events).await?;
        self.told(revoked, |revoked| !revoked, &ending.session).await
    }
}

#[async_trait]
impl Keys for RecordsRefusals {
    async fn revoke(&self, id: ApiKeyId, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        self.told(ApiKeyStore::revoke(&self.0, id, at, event).await?, |revoked| !revoked, event).await
    }

    async fn rotate(&self, rotation: &KeyRotation, event: &AuditEvent) -> Result<RotateKeyOutcome, StoreError> {
        let outcome = ApiKeyStore::rotate(&self.0, rotation, event).await?;
        self.told(outcome, |outcome| *outcome == RotateKeyOutcome::NotLive, event).await
    }
}

#[async_trait]
impl Choices for RecordsRefusals {
    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        self.told(self.0.replace(user_id, expected, document, event).await?, |replaced| !replaced, event).await
    }
}

#[async_trait]
impl Users for RecordsRefusals {
    async fn change_role(
        &self,
        id: UserId,
        role: Role,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<RoleOutcome, StoreError> {
        let outcome = self.0.change_role(id, role, at, event).await?;
        self.told(outcome, |outcome| *outcome != RoleOutcome::Changed, event).await
    }
}

#[async_trait]
impl Directory for RecordsRefusals {
    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        let outcome = self.0.insert_user(user, event).await?;
        self.told(outcome, |outcome| *outcome == InsertOutcome::Taken, event).await
    }

    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let outcome = self.0.update_user(update, events).await?;
        self.told(outcome, |outcome| *outcome != UpdateOutcome::Updated, &events[0]).await
    }

    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        events: &[AuditEvent],
    ) -> Result<InsertOutcome, StoreError> {
        let outcome = self.0.insert_team(team, members, events).await?;
        self.told(outcome, |outcome| *outcome == InsertOutcome::Taken, &events[0]).await
    }
}

#[test]
fn a_record_of_what_was_refused_is_caught() {
    macro_rules! refusals {
        ($($port:ident: $area:ident::$case:ident;)*) => {
            $(caught!(breaking!($port, RecordsRefusals), $area::$case, "something was written");)*
        };
    }
    refusals! {
        verification: verification::a_challenge_is_refused_before_the_resend_after_of_the_one_before_it;
        verification: verification_quotas::as_many_challenges_are_opened_as_a_quota_allows;
        verification: verification_refusals::a_refusal_is_recorded_when_the_last_record_is_from_the_cutoff_or_before;
        verification: verification::no_wrong_code_is_counted_past_the_limit;
        verification: verification_proofs::no_challenge_is_completed_twice;
        devices: devices::a_person_who_has_the_most_devices_gets_no_new_one;
        devices: devices::nothing_is_removed_that_is_not_the_persons;
        sessions: sessions::no_session_is_issued_unless_its_owner_is_active;
        sessions: sessions::no_session_is_issued_unless_its_device_is_the_owners;
        sessions: sessions_rotation::a_superseded_token_is_overtaken;
        sessions: sessions::no_session_is_revoked_that_is_not_live_and_that_persons;
        api_keys: api_keys::nothing_is_revoked_that_is_no_key_or_revoked_already;
        api_keys: api_keys::nothing_is_rotated_that_does_not_work_at_the_time;
        preferences: preferences::nothing_is_replaced_that_is_not_at_the_expected_version;
        users: users::the_last_active_admin_keeps_the_role;
        users: users::a_role_that_the_person_has_already_is_not_written;
        users: users::the_role_of_nobody_is_not_found;
        directory: directory::nobody_is_inserted_whose_user_name_or_external_id_is_taken;
        directory: directory::an_update_of_a_person_who_changed_meanwhile_is_stale;
        directory: directory::an_update_to_a_taken_user_name_or_external_id_writes_nothing;
        directory: directory::no_team_is_inserted_whose_name_is_taken_without_regard_to_case;
    }
}
