//! Phone sessions: refresh token families that live 90 days, with rotation confirmed on use.
//!
//! Each refresh hands out a successor. The old token works until its successor is first used, so an answer that was
//! lost on a bad network logs nobody out; refreshing the same token again gives the same successor. A token whose
//! successor was used is a replay and ends the session (RFC 9700, section 4.14.2), unless it is merely late.

mod issue_session;
mod model;
mod port;
mod refresh_session;
mod refresh_token;
mod revoke_session;

pub use issue_session::{IssueSessionError, IssuedSession};
pub use model::{RefreshCandidate, Revocation, Session, StoredToken, Verdict};
pub use port::{Ending, IssueOutcome, Opening, RotateOutcome, Rotation, SessionStore};
pub use refresh_session::{RefreshError, Refreshed, RefusedReason};
pub use refresh_token::{InvalidRefreshToken, RefreshToken, RefreshTokenHasher, SuccessorSalt, TokenHash};

#[cfg(feature = "mock")]
pub use {port::MockSessionStore, refresh_token::MockRefreshTokenHasher};

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::access::{AccessClaims, AccessToken, AccessTokens, Audience, SigningError};
use crate::{Clock, Entropy, SessionId, UserId};

/// Opening, refreshing, listing and ending phone sessions.
pub struct SessionService {
    /// Where they are kept.
    pub sessions: Arc<dyn SessionStore>,
    /// Hashes refresh tokens and derives their successors.
    pub hasher: Arc<dyn RefreshTokenHasher>,
    /// Signs access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For tokens, salts and ids.
    pub entropy: Arc<dyn Entropy>,
    /// How long after a successor's first use its predecessor is taken for a late packet and not for a replay.
    pub replay_grace: Duration,
}

impl SessionService {
    /// How long a session lives, however often it is refreshed.
    pub const LIFETIME: Duration = Duration::days(90);
    /// How many live sessions a person may have. One more ends the one that was used longest ago.
    pub const MAX_PER_USER: u32 = 50;
    /// How long an access token lives.
    pub const ACCESS_LIFETIME: Duration = Duration::minutes(15);

    fn access_token(
        &self,
        user_id: UserId,
        session_id: SessionId,
        now: OffsetDateTime,
    ) -> Result<AccessToken, SigningError> {
        self.access_tokens.sign(&AccessClaims {
            user_id,
            session_id: Some(session_id),
            audience: Audience::Mobile,
            issued_at: now,
            expires_at: now + Self::ACCESS_LIFETIME,
        })
    }
}
