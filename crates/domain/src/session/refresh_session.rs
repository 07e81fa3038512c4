use time::OffsetDateTime;

use crate::access::{AccessToken, SigningError};
use crate::audit::{AuditChange, AuditEvent, Origin, RevokeReason};
use crate::session::{
    Ending, RefreshCandidate, RefreshToken, RotateOutcome, Rotation, SessionService, SuccessorSalt, TokenHash, Verdict,
};
use crate::user::ProfileFacts;
use crate::{SessionId, StoreError};

/// A session that was refreshed.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// Which.
    pub session_id: SessionId,
    /// The new access token, good for [`SessionService::ACCESS_LIFETIME`].
    pub access_token: AccessToken,
    /// The successor of the presented token.
    pub refresh_token: RefreshToken,
    /// When the session ends; no refresh moves it.
    pub expires_at: OffsetDateTime,
    /// Its owner.
    pub profile: ProfileFacts,
}

/// Why a refresh token was refused. For the operator's log: the client gets one answer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedReason {
    /// No such token.
    Unknown,
    /// Its session's 90 days are over.
    Expired,
    /// Its session was ended.
    Revoked,
    /// Its owner is deactivated.
    Deactivated,
    /// Its successor was used moments ago.
    LatePacket,
    /// Its successor was used; its session is ended now.
    Replayed,
}

/// Why a session was not refreshed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is not good.
    #[error("the refresh token is not valid")]
    Refused(RefusedReason),
    /// The access token could not be signed.
    #[error("could not refresh the session")]
    Signing(#[from] SigningError),
    /// The store failed.
    #[error("could not record the refresh")]
    Store(#[from] StoreError),
}

impl SessionService {
    /// Hands out an access token and the presented token's successor: one read and one write.
    ///
    /// # Errors
    /// See [`RefreshError`].
    pub async fn refresh(&self, presented: &RefreshToken, origin: &Origin) -> Result<Refreshed, RefreshError> {
        let hash = self.hasher.hash(presented);
        // Twice: when the write finds that something changed since the read, the second read tells what.
        for _ in 0..2 {
            let candidate = self.sessions.load_for_refresh(&hash).await?;
            let candidate = candidate.ok_or(RefreshError::Refused(RefusedReason::Unknown))?;
            let now = self.clock.now();
            match candidate.judge(now, self.replay_grace) {
                Verdict::Rotate => {
                    let owner = origin.by_user(candidate.session.user_id);
                    if let Some(refreshed) = self.rotate(presented, hash, candidate, now, &owner).await? {
                        return Ok(refreshed);
                    }
                }
                Verdict::LatePacket => return Err(RefreshError::Refused(RefusedReason::LatePacket)),
                Verdict::Replay => {
                    // Recorded as nobody's doing: who shows a replayed token may be anybody.
                    self.end_replayed(&candidate, now, origin).await?;
                    return Err(RefreshError::Refused(RefusedReason::Replayed));
                }
                Verdict::Refuse(reason) => return Err(RefreshError::Refused(reason)),
            }
        }
        Err(RefreshError::Refused(RefusedReason::LatePacket))
    }

    async fn rotate(
        &self,
        presented: &RefreshToken,
        hash: TokenHash,
        candidate: RefreshCandidate,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<Option<Refreshed>, RefreshError> {
        let RefreshCandidate { token, session, profile } = candidate;
        let successor = self.hasher.successor(presented, &token.salt, token.successor_key);
        let access_token = self.access_token(session.user_id, session.id, now)?;
        let rotation = Rotation {
            session_id: session.id,
            presented: hash,
            parent: token.parent,
            successor: self.hasher.hash(&successor),
            successor_salt: SuccessorSalt::generate(&*self.entropy),
            successor_key: self.hasher.key(),
            at: now,
        };
        let change = AuditChange::SessionRefreshed { session_id: session.id };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(session.user_id), &change);
        Ok(match self.sessions.rotate(&rotation, &event).await? {
            RotateOutcome::Overtaken => None,
            RotateOutcome::Rotated => Some(Refreshed {
                session_id: session.id,
                access_token,
                refresh_token: successor,
                expires_at: session.expires_at,
                profile,
            }),
        })
    }

    async fn end_replayed(
        &self,
        candidate: &RefreshCandidate,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let session_id = candidate.session.id;
        let owner = candidate.session.user_id;
        let replayed = AuditChange::SessionReplayed { session_id };
        let replayed = AuditEvent::new(now, &*self.entropy, origin, Some(owner), &replayed);
        let ending = Ending::new(RevokeReason::Replayed, Some(owner), now, &*self.entropy, origin);
        self.sessions.revoke(owner, session_id, &ending, &[replayed]).await?;
        Ok(())
    }
}
