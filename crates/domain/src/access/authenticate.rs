use std::sync::Arc;

use crate::access::recognise::Recognised;
use crate::access::{AccessTokens, IdentityError, IdentityStore, IdentityTokens, Principal, TokenRefusal};
use crate::api_key::{ApiKeyService, ApiKeyToken, AuthenticateKeyError};
use crate::audit::Origin;
use crate::directory::DirectoryService;
use crate::user::{Account, UserStore};
use crate::{Clock, Entropy, SessionId, StoreError, UserId};

/// Who is calling, by the credential that they show.
pub struct AccessService {
    /// Who is on record.
    pub users: Arc<dyn UserStore>,
    /// Our own tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// The identity provider's, when there is one.
    pub identities: Option<Arc<dyn IdentityTokens>>,
    /// Which of the identity provider's subjects stands for whom.
    pub people: Arc<dyn IdentityStore>,
    /// Other services' keys.
    pub keys: ApiKeyService,
    /// Takes over people whom the directory has not delivered yet when they first sign in; `None` when they are refused.
    pub newcomers: Option<DirectoryService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the ids of audit records.
    pub entropy: Arc<dyn Entropy>,
}

/// Whose a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A person, by one of our own tokens. Whether they are active was not looked up.
    TokenOf {
        /// Who.
        user_id: UserId,
        /// The phone session that the token belongs to.
        session_id: Option<SessionId>,
    },
    /// An active person, by the identity provider's word.
    Person(Account),
    /// Another service.
    Service(Principal),
}

/// Why nobody is known by a credential.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// It is not valid, or its holder is deactivated or unknown, which are one answer.
    #[error("the credential is not valid")]
    Refused,
    /// The same of a token that may be the identity provider's, with the reason for operators. Clients get the answer of
    /// [`Refused`](Self::Refused).
    #[error("the token is refused: {0}")]
    TokenRefused(TokenRefusal),
    /// The identity provider cannot be asked, or not yet.
    #[error("the credential cannot be checked")]
    Unavailable(#[source] IdentityError),
    /// The store failed.
    #[error("could not look up who is calling")]
    Store(#[from] StoreError),
}

impl AccessService {
    /// Whose a credential is. What kind it is shows in its form, so that a secret of one kind is never tried as another:
    /// API keys have their prefix; of the tokens, ours name us as their issuer.
    ///
    /// # Errors
    /// See [`AuthenticateError`].
    pub async fn identify(&self, credential: &str, origin: &Origin) -> Result<Holder, AuthenticateError> {
        if credential.starts_with(ApiKeyToken::PREFIX) {
            return Ok(Holder::Service(self.keys.authenticate(credential).await?));
        }
        let now = self.clock.now();
        if let Ok(claims) = self.access_tokens.verify(credential, now) {
            return Ok(Holder::TokenOf { user_id: claims.user_id, session_id: claims.session_id });
        }
        let Some(identities) = &self.identities else {
            return Err(AuthenticateError::Refused);
        };
        let identity = identities.verify(credential, now).await?;
        let mut recognised = self.recognise(&identity, origin).await?;
        if recognised == Recognised::Unknown && identity.logins.is_empty() {
            let completed = identities.complete(credential, &identity).await?;
            let completed = completed.ok_or(AuthenticateError::TokenRefused(TokenRefusal::NoName))?;
            recognised = self.recognise(&completed, origin).await?;
        }
        match recognised {
            Recognised::Person(account) => Ok(Holder::Person(account)),
            Recognised::Deactivated => Err(AuthenticateError::TokenRefused(TokenRefusal::Deactivated)),
            Recognised::Unknown => Err(AuthenticateError::TokenRefused(TokenRefusal::UnknownPerson)),
        }
    }

    /// Who is calling, with the role that the store has now.
    ///
    /// # Errors
    /// See [`AuthenticateError`].
    pub async fn authenticate(
        &self,
        credential: &str,
        origin: &Origin,
    ) -> Result<(Principal, Option<SessionId>), AuthenticateError> {
        let (account, session_id) = match self.identify(credential, origin).await? {
            Holder::Service(principal) => return Ok((principal, None)),
            Holder::Person(account) => (account, None),
            Holder::TokenOf { user_id, session_id } => {
                let account = self.users.account(user_id).await?.filter(|account| account.active);
                (account.ok_or(AuthenticateError::Refused)?, session_id)
            }
        };
        Ok((Principal::of(account), session_id))
    }
}

impl From<IdentityError> for AuthenticateError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Refused(reason) => Self::TokenRefused(reason),
            later @ (IdentityError::NotYet { .. } | IdentityError::Unavailable(_)) => Self::Unavailable(later),
        }
    }
}

impl From<AuthenticateKeyError> for AuthenticateError {
    fn from(error: AuthenticateKeyError) -> Self {
        match error {
            AuthenticateKeyError::Refused => Self::Refused,
            AuthenticateKeyError::Store(error) => Self::Store(error),
        }
    }
}
