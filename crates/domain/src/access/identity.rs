use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::user::EmailAddress;

/// Who an identity provider says that somebody is.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider (`iss`).
    pub issuer: String,
    /// The provider's own id of the person (`sub`), which a directory may give as `externalId`.
    pub subject: String,
    /// The names that the person may have as a user name: `email`, unless the provider says that it is not verified,
    /// and `preferred_username`.
    pub logins: Vec<String>,
    /// The e-mail address, when it is one and verified.
    pub email: Option<EmailAddress>,
    /// The name to show.
    pub display_name: Option<String>,
    /// When the token was made (`iat`, whole seconds), if it says so.
    pub issued_at: Option<OffsetDateTime>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(redacted)")
    }
}

/// Why a token says nothing.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It is not the provider's, not for us, was changed, or is not valid now.
    #[error("the token is invalid or has expired")]
    Invalid,
    /// The provider's keys cannot be had, so nobody can tell.
    #[error("the identity provider's keys cannot be had")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Checks the tokens of an identity provider.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait IdentityTokens: Send + Sync {
    /// Whom a token names, when the provider made it for us and it is valid at `now`. One answer for everything that is
    /// wrong with a token. What it says was true when it was made: whether the person may act is the store's to say.
    ///
    /// # Errors
    /// See [`IdentityError`].
    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Identity, IdentityError>;
}
