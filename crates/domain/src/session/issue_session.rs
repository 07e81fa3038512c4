use time::OffsetDateTime;

use crate::access::{AccessToken, SigningError};
use crate::audit::{AuditChange, AuditEvent, Origin, RevokeReason};
use crate::device::DeviceName;
use crate::session::{
    Ending, IssueOutcome, Opening, RefreshToken, Session, SessionService, StoredToken, SuccessorSalt,
};
use crate::{DeviceId, SessionId, StoreError, UserId};

/// A session that was opened.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    /// Which.
    pub id: SessionId,
    /// Its first refresh token.
    pub refresh_token: RefreshToken,
    /// When the session ends.
    pub expires_at: OffsetDateTime,
    /// Its first access token, good for [`SessionService::ACCESS_LIFETIME`].
    pub access_token: AccessToken,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum IssueSessionError {
    /// There is no such active person.
    #[error("there is no such active user")]
    NoUser,
    /// The device is not one of the person's.
    #[error("there is no such device")]
    NoDevice,
    /// The session whose access token was presented is over.
    #[error("the session of the credential is over")]
    SessionEnded,
    /// The access token could not be signed.
    #[error("could not issue the session")]
    Signing(#[from] SigningError),
    /// The store failed.
    #[error("could not record the session")]
    Store(#[from] StoreError),
}

impl SessionService {
    /// Opens a session for a person's phone. When the caller's own credential belongs to a session, `presented`, that
    /// one must be live: an access token that outlives its session by minutes must not become another 90 days. A person
    /// has at most [`SessionService::MAX_PER_USER`] live sessions; one more ends the one that was used longest ago.
    ///
    /// # Errors
    /// See [`IssueSessionError`].
    pub async fn issue(
        &self,
        user_id: UserId,
        presented: Option<SessionId>,
        device_name: Option<DeviceName>,
        device_id: Option<DeviceId>,
        origin: &Origin,
    ) -> Result<IssuedSession, IssueSessionError> {
        let now = self.clock.now();
        let id = SessionId::new(now, &*self.entropy);
        let refresh_token = RefreshToken::generate(&*self.entropy);
        let session = Session {
            id,
            user_id,
            device_name: device_name.map(String::from),
            device_id,
            created_at: now,
            last_used_at: now,
            expires_at: now + Self::LIFETIME,
            revocation: None,
        };
        let token = StoredToken {
            hash: self.hasher.hash(&refresh_token),
            parent: None,
            salt: SuccessorSalt::generate(&*self.entropy),
            successor_key: Some(self.hasher.key()),
            superseded_at: None,
        };
        let access_token = self.access_token(user_id, id, now)?;
        let change = AuditChange::SessionIssued { session_id: id };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user_id), &change);
        let surplus = Ending::new(RevokeReason::TooMany, Some(user_id), now, &*self.entropy, origin);
        let expires_at = session.expires_at;
        let opening = Opening { session, token, presented, max: Self::MAX_PER_USER, surplus };
        match self.sessions.issue(&opening, &event).await? {
            IssueOutcome::Issued => Ok(IssuedSession { id, refresh_token, expires_at, access_token }),
            IssueOutcome::NoUser => Err(IssueSessionError::NoUser),
            IssueOutcome::SessionEnded => Err(IssueSessionError::SessionEnded),
            IssueOutcome::NoDevice => Err(IssueSessionError::NoDevice),
        }
    }
}
