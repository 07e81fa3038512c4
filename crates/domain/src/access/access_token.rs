use std::fmt;

use time::OffsetDateTime;
use zeroize::ZeroizeOnDrop;

use crate::{SessionId, UserId};

/// For whom an access token was made. A token for one is refused as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Phone apps; every server takes it.
    Mobile,
    /// Break-glass admins; every server takes it.
    BreakGlass,
    /// `POST /dev/login`; only a server in development mode takes it.
    Development,
}

/// What an access token says. The role is not in it: it is read from the store on each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who.
    pub user_id: UserId,
    /// Of which session, when it belongs to one.
    pub session_id: Option<SessionId>,
    /// For whom.
    pub audience: Audience,
    /// From when, whole seconds.
    pub issued_at: OffsetDateTime,
    /// Until when, whole seconds.
    pub expires_at: OffsetDateTime,
}

/// A signed token in plain. Redacted in `Debug`, wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct AccessToken(String);

impl AccessToken {
    /// Wraps what a signer made.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token, for the answer that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

/// The token is not one of ours, was changed, is expired, or is for another audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is invalid or has expired")]
pub struct InvalidAccessToken;

/// The key could not sign.
#[derive(Debug, thiserror::Error)]
#[error("the access token could not be signed")]
pub struct SigningError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Signs and checks access tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// Signs a token that anyone can check with the published key.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn sign(&self, claims: &AccessClaims) -> Result<AccessToken, SigningError>;

    /// What a token says, when it was signed here for an audience that this server takes and is not expired at `now`.
    ///
    /// # Errors
    /// One answer for everything that is wrong with it.
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, InvalidAccessToken>;
}
