use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::StoreError;
use crate::audit::AuditEvent;
use crate::team::{Member, Team};
use crate::user::User;
use crate::verification::Method;

/// How a directory record names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonKey {
    /// The directory's own id, which decides when it is known.
    pub external_id: Option<String>,
    /// The sign-in name.
    pub user_name: String,
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(redacted)")
    }
}

/// What came of adding a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOutcome {
    /// They are on record.
    Inserted,
    /// Nothing is written: another person has that user name or external id.
    Taken,
}

/// A change to a person and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserUpdate {
    /// The person as they are to be, with `version` one more than the stored one. The platform role is not written: it
    /// is not the directory's.
    pub user: User,
    /// The version that the change was worked out from.
    pub expected_version: i64,
    /// The methods whose destination is another one now: their proofs go and their challenges are cancelled.
    pub lost_proofs: Vec<Method>,
    /// Whether every live session of the person ends, because they are deactivated.
    pub end_sessions: bool,
    /// When.
    pub at: OffsetDateTime,
}

/// What came of changing a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The change and everything that follows from it is on record.
    Updated,
    /// Nothing is written: the person changed meanwhile.
    Stale,
    /// Nothing is written: another person has that user name or external id.
    Taken,
}

/// Keeps people and teams as the directory describes them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// How many people are on record, active or not.
    async fn count_users(&self) -> Result<u64, StoreError>;

    /// The person with that external id, else the one with that user name (without regard to case). `None` when there
    /// is neither.
    async fn find_user(&self, key: &PersonKey) -> Result<Option<User>, StoreError>;

    /// Adds a person and writes `event`, both or neither. Of many such calls at once for one user name, exactly one is
    /// [`InsertOutcome::Inserted`].
    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError>;

    /// Changes a person while they are still at `expected_version`, removes the proofs and cancels the challenges of
    /// `lost_proofs`, ends the live sessions when asked to, and writes `events`: all or nothing.
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError>;

    /// Adds a team with its members and writes `event`, all or nothing. [`InsertOutcome::Taken`], and nothing written,
    /// when there is a team of that name (without regard to case). Every member must be on record.
    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError>;
}
