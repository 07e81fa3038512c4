use async_trait::async_trait;
use time::OffsetDateTime;

use uuid::Uuid;

use crate::audit::{AuditChange, AuditEvent, Origin, RevokeReason};
use crate::device::DeviceLoss;
use crate::session::{RefreshCandidate, Session, StoredToken, SuccessorSalt, TokenHash};
use crate::{DeviceId, Entropy, KeyId, SessionId, StoreError, UserId};

/// How sessions end before their time, and with them the devices that no other live session is on.
///
/// The records are patterns: for each session and each device that goes the store writes one, with its id under
/// `sessionId` or `deviceId` ([`AuditEvent::copy_for`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Why.
    pub reason: RevokeReason,
    /// When.
    pub at: OffsetDateTime,
    /// The pattern of a session's record.
    pub session: AuditEvent,
    /// The pattern of a device's record.
    pub device: AuditEvent,
}

impl Ending {
    /// An ending at `at` with its patterns, about the sessions of `owner`.
    #[must_use]
    pub fn new(
        reason: RevokeReason,
        owner: Option<UserId>,
        at: OffsetDateTime,
        entropy: &dyn Entropy,
        origin: &Origin,
    ) -> Self {
        let session = AuditChange::SessionRevoked { session_id: SessionId(Uuid::nil()), reason };
        let device_id = DeviceId(Uuid::nil());
        let device = AuditChange::DeviceRemoved { device_id, reason: DeviceLoss::SessionEnded(reason) };
        Self {
            reason,
            at,
            session: AuditEvent::new(at, entropy, origin, owner, &session),
            device: AuditEvent::new(at, entropy, origin, owner, &device),
        }
    }

    /// The same about the sessions of that person.
    #[must_use]
    pub fn of(mut self, owner: UserId) -> Self {
        self.session.subject = Some(owner);
        self.device.subject = Some(owner);
        self
    }
}

/// A session that is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The session.
    pub session: Session,
    /// Its first token.
    pub token: StoredToken,
    /// The session that the presented credential belongs to, which must be live.
    pub presented: Option<SessionId>,
    /// How many live sessions its owner may have, with this one.
    pub max: u32,
    /// How those end that are more.
    pub surplus: Ending,
}

/// What came of opening a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueOutcome {
    /// The session, its first token and the record are written.
    Issued,
    /// Nothing is written: there is no such active person.
    NoUser,
    /// Nothing is written: the session of the presented credential is not a live one of the person's.
    SessionEnded,
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
    /// Opens a session with its first token and writes `event`, all or nothing. Refused, in this order, unless its owner
    /// is active, the presented session, when there is one, is a live one of the owner's as of the new one's
    /// `created_at`, and its device, when it names one, is the owner's. One write decides all of that: a session that
    /// was ended before opens none, and none is opened by the credential of one that is ended meanwhile, unless it was
    /// opened first.
    ///
    /// When the owner has more live sessions than `max` then, those that were used longest ago (then those with the
    /// least id) end by `surplus` in the same unit of work, as [`SessionStore::revoke`] ends them, but never the new one.
    /// However many are opened at once, no person has more than `max`.
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError>;

    /// What a refresh needs to know about a token, read as one consistent whole, in one round trip where the engine
    /// can. `None` when no token has that hash.
    async fn load_for_refresh(&self, hash: &TokenHash) -> Result<Option<RefreshCandidate>, StoreError>;

    /// Stores the successor unless it is stored already, marks the parent as superseded at `at` unless it is already,
    /// sets the session's `last_used_at`, and writes `event`: all or nothing. Only while the session is neither revoked
    /// nor expired at `at`, its owner is active and the presented token is not superseded. Of any number of such calls
    /// with one presented token, all that rotate leave exactly one successor, with the salt
    /// and the key of the first.
    async fn rotate(&self, rotation: &Rotation, event: &AuditEvent) -> Result<RotateOutcome, StoreError>;

    /// Ends a live session (neither revoked nor expired at the ending's `at`) of that person, and writes `events` and the
    /// ending's records, all or nothing. `false`, and nothing written, when there is none. Of any number of such calls
    /// at once, exactly one is `true`.
    ///
    /// The devices that the session is on, and no other live session of the person, go with it: they are removed with
    /// their proofs, and the challenges that were sent to them are cancelled as [`crate::device::DeviceStore::remove`]
    /// does it. A session is on the device that it names and on each that was last registered with its credential.
    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        ending: &Ending,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError>;

    /// The family and owner of a token, dead or alive; `None` when no token has that hash.
    async fn find_family(&self, hash: &TokenHash) -> Result<Option<(SessionId, UserId)>, StoreError>;

    /// A person's live sessions as of `at`, the one that was used last first (then by id, descending).
    async fn list(&self, user_id: UserId, at: OffsetDateTime) -> Result<Vec<Session>, StoreError>;
}
