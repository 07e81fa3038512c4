//! Stores that lose or forget something when a fingerprint is moved to another key.

use async_trait::async_trait;
use muster_domain::directory::{DirectoryStore, UserUpdate};
use muster_domain::key_rotation::{FingerprintMove, KeyRotationStore, StoredFingerprint};
use muster_domain::user::ProfileReader;
use muster_domain::verification::Method;
use muster_domain::{KeyId, StoreError, UserId};
use uuid::Uuid;

use crate::breakable::{Rotating, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Counts every move as made.
    SaysAll;
    /// Begins at the first holder again, whatever was read before.
    FromTheStart;
    /// Reads what is under the current key too.
    ReadsAll;
    /// Moves a person's fingerprint by a change of the person, and so leaves the proof behind.
    LeavesTheProof;
}

#[async_trait]
impl Rotating for SaysAll {
    async fn move_fingerprints(&self, method: Method, moves: &[FingerprintMove]) -> Result<u64, StoreError> {
        self.0.move_fingerprints(method, moves).await?;
        Ok(moves.len() as u64)
    }
}

#[async_trait]
impl Rotating for FromTheStart {
    async fn fingerprints(
        &self,
        method: Method,
        other_than: &[KeyId],
        _: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<StoredFingerprint>, StoreError> {
        self.0.fingerprints(method, other_than, None, limit).await
    }
}

#[async_trait]
impl Rotating for ReadsAll {
    async fn fingerprints(
        &self,
        method: Method,
        _: &[KeyId],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<StoredFingerprint>, StoreError> {
        self.0.fingerprints(method, &[], after, limit).await
    }
}

#[async_trait]
impl Rotating for LeavesTheProof {
    async fn move_fingerprints(&self, method: Method, moves: &[FingerprintMove]) -> Result<u64, StoreError> {
        for one in moves {
            let Some(facts) = self.0.profile(UserId(one.holder)).await? else { continue };
            let mut user = facts.user;
            let (expected_version, at) = (user.version, user.updated_at);
            match method {
                Method::Email => user.email_fingerprint = Some(one.to),
                Method::Sms | Method::Push => user.phone_fingerprint = Some(one.to),
            }
            user.version += 1;
            let update = UserUpdate {
                expected_version,
                lost_proofs: vec![],
                duplicates: vec![],
                deactivates: false,
                brake: None,
                notices: vec![],
                at,
                user,
            };
            self.0.update_user(&update, &[]).await?;
        }
        Ok(moves.len() as u64)
    }
}

#[test]
fn a_count_of_what_was_not_moved_is_caught() {
    caught!(
        breaking!(key_rotation, SaysAll),
        key_rotation::a_holder_who_has_another_fingerprint_by_now_is_passed_over,
        "only what still is there is moved"
    );
}

#[test]
fn reading_that_never_ends_is_caught() {
    caught!(
        breaking!(key_rotation, FromTheStart),
        key_rotation::fingerprints_that_name_none_of_the_keys_are_read_in_the_order_of_their_holders,
        "left == right"
    );
}

#[test]
fn reading_what_needs_no_move_is_caught() {
    caught!(
        breaking!(key_rotation, ReadsAll),
        key_rotation::fingerprints_that_name_none_of_the_keys_are_read_in_the_order_of_their_holders,
        "left == right"
    );
}

#[test]
fn a_proof_that_is_left_behind_is_caught() {
    caught!(
        breaking!(key_rotation, LeavesTheProof),
        key_rotation::a_moved_fingerprint_takes_its_proof_along,
        "the proof stayed behind"
    );
}
