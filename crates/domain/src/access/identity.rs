use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::access::TokenRefusal;
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

/// Why a token does not say who somebody is.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The token is not good.
    #[error("the token is refused: {0}")]
    Refused(TokenRefusal),
    /// The token may be good, and the provider may not be asked again so soon.
    #[error("the identity provider is asked about the token in {} s", retry_after.whole_seconds())]
    NotYet {
        /// When to try again.
        retry_after: Duration,
    },
    /// The provider does not answer, so the token cannot be checked.
    #[error("the identity provider cannot be asked")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Checks the tokens of an identity provider.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait IdentityTokens: Send + Sync {
    /// Whom a token names, when the provider made it for us and it is valid at `now`. What it says was true when it was
    /// made: whether the person may act is the store's to say.
    ///
    /// # Errors
    /// See [`IdentityError`].
    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Identity, IdentityError>;

    /// The same person with names, which the provider is asked for with the token as the credential (OIDC Core 1.0,
    /// section 5.3). For a token that [`verify`](Self::verify) took, that has no name, and whose subject is unknown.
    /// `None` when the provider gives no name either. Repeated calls for one person ask the provider at most once a
    /// minute.
    ///
    /// # Errors
    /// [`IdentityError::NotYet`] and [`IdentityError::Unavailable`].
    async fn complete(&self, token: &str, identity: &Identity) -> Result<Option<Identity>, IdentityError> {
        let _ = (token, identity);
        Ok(None)
    }
}
