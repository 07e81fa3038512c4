use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::{AuditEvent, RevokeReason};
use crate::session::{RefreshCandidate, Session, StoredToken, SuccessorSalt, TokenHash};
use crate::{KeyId, SessionId, StoreError, UserId};

/// What came of opening a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueOutcome {
    /// The session, its first token and the record are written.
    Issued,
    /// Nothing is written: there is no such active person.
    NoUser,
    /// Nothing is written: the device is not one of the person's.
    NoDevice,
}

/// One step down a family's line of descent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The family.
    pub session_id: SessionId,
    /// The token that was presented.
    pub presented: TokenHash,
    /// The one before it, which the presented token's use supersedes.
    pub parent: Option<TokenHash>,
    /// Its successor.
    pub successor: TokenHash,
    /// What the successor's own successor will be derived with, if this call is the first to store it.
    pub successor_salt: SuccessorSalt,
    /// The key with which it will be, stored together with that salt.
    pub successor_key: KeyId,
    /// When.
    pub at: OffsetDateTime,
}

/// What came of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotateOutcome {
    /// The successor is stored, the parent superseded, the session's `last_used_at` moved on.
    Rotated,
    /// Nothing is written: meanwhile the session ended, its owner was deactivated or the token was superseded.
    Overtaken,
}

/// Keeps phone sessions and their refresh tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Opens a session with its first token and writes `event`, all or nothing. Refused unless its owner is active and
    /// its device, when it names one, is the owner's.
    async fn issue(
        &self,
        session: &Session,
        token: &StoredToken,
        event: &AuditEvent,
    ) -> Result<IssueOutcome, StoreError>;

    /// What a refresh needs to know about a token, read as one consistent whole, in one round trip where the engine
    /// can. `None` when no token has that hash.
    async fn load_for_refresh(&self, hash: &TokenHash) -> Result<Option<RefreshCandidate>, StoreError>;

    /// Stores the successor unless it is stored already, marks the parent as superseded at `at` unless it is already,
    /// sets the session's `last_used_at`, and writes `event`: all or nothing. Only while the session is neither revoked
    /// nor expired at `at`, its owner is active and the presented token is not superseded. Of any number of such calls
    /// with one presented token, all that rotate leave exactly one successor, with the salt
    /// and the key of the first.
    async fn rotate(&self, rotation: &Rotation, event: &AuditEvent) -> Result<RotateOutcome, StoreError>;

    /// Ends a live session (neither revoked nor expired at `at`) of that person and writes `events`, all or nothing.
    /// `false`, and nothing written, when there is none. Of any number of such calls at once, exactly one is `true`.
    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        reason: RevokeReason,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError>;

    /// The family and owner of a token, dead or alive; `None` when no token has that hash.
    async fn find_family(&self, hash: &TokenHash) -> Result<Option<(SessionId, UserId)>, StoreError>;

    /// A person's live sessions as of `at`, the one that was used last first (then by id, descending).
    async fn list(&self, user_id: UserId, at: OffsetDateTime) -> Result<Vec<Session>, StoreError>;
}
