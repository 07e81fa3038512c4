use time::{Duration, OffsetDateTime};

use crate::audit::RevokeReason;
use crate::session::{RefusedReason, SuccessorSalt, TokenHash};
use crate::user::ProfileFacts;
use crate::{DeviceId, KeyId, SessionId, UserId};

/// A phone session: one refresh token family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls the phone.
    pub device_name: Option<String>,
    /// The registered device it runs on, while there is one.
    pub device_id: Option<DeviceId>,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When it was last refreshed, or opened.
    pub last_used_at: OffsetDateTime,
    /// When it ends, however often it is refreshed.
    pub expires_at: OffsetDateTime,
    /// How it was ended before its time.
    pub revocation: Option<Revocation>,
}

/// That a session was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: OffsetDateTime,
    /// Why.
    pub reason: RevokeReason,
}

/// What a store keeps of one refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredToken {
    /// Its hash.
    pub hash: TokenHash,
    /// The hash of the token whose successor it is; `None` for a family's first.
    pub parent: Option<TokenHash>,
    /// What its successor is derived with.
    pub salt: SuccessorSalt,
    /// The key with which its successor is derived, so that all servers derive the same one during a rotation; `None` in
    /// rows of a release that did not record it.
    pub successor_key: Option<KeyId>,
    /// When its successor was first used; `None` while it works.
    pub superseded_at: Option<OffsetDateTime>,
}

/// Everything that decides about a refresh and that its answer shows, read as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshCandidate {
    /// The token that was presented.
    pub token: StoredToken,
    /// Its session.
    pub session: Session,
    /// Its owner.
    pub profile: ProfileFacts,
}

/// What a presented refresh token deserves.
///
/// ```text
/// Rotate ──its successor is first used──▶ LatePacket ──grace is over──▶ Replay
/// any ──session revoked or expired, owner deactivated──▶ Refuse
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its successor.
    Rotate,
    /// Refusal: its successor was used moments ago.
    LatePacket,
    /// Refusal and the end of its session: its successor was used, so somebody else has it.
    Replay,
    /// Refusal.
    Refuse(RefusedReason),
}

impl RefreshCandidate {
    /// Judges the token as of `now`.
    #[must_use]
    pub fn judge(&self, now: OffsetDateTime, replay_grace: Duration) -> Verdict {
        if self.session.revocation.is_some() {
            return Verdict::Refuse(RefusedReason::Revoked);
        }
        if self.session.expires_at <= now {
            return Verdict::Refuse(RefusedReason::Expired);
        }
        if !self.profile.user.active {
            return Verdict::Refuse(RefusedReason::Deactivated);
        }
        match self.token.superseded_at {
            None => Verdict::Rotate,
            Some(at) if now - at <= replay_grace => Verdict::LatePacket,
            Some(_) => Verdict::Replay,
        }
    }
}
