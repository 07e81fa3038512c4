use crate::StoreError;
use crate::access::Principal;
use crate::api_key::{ApiKeyService, ApiKeyToken};

/// Why nobody is known by a key.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateKeyError {
    /// It is no key, or one that does not work: unknown, expired or revoked, which are one answer.
    #[error("the key is not valid")]
    Refused,
    /// The store failed.
    #[error("could not check the key")]
    Store(#[from] StoreError),
}

impl ApiKeyService {
    /// Which service calls with a key, and with which scopes. Notes the use, once a minute.
    ///
    /// # Errors
    /// See [`AuthenticateKeyError`].
    pub async fn authenticate(&self, text: &str) -> Result<Principal, AuthenticateKeyError> {
        let token = ApiKeyToken::parse(text).map_err(|_| AuthenticateKeyError::Refused)?;
        let now = self.clock.now();
        let key = self.keys.find(&self.hasher.hash_key(&token)).await?;
        let key = key.filter(|key| key.is_live(now)).ok_or(AuthenticateKeyError::Refused)?;
        if key.last_used_at.is_none_or(|last| now - last >= Self::LAST_USED_PRECISION) {
            self.keys.touch(key.id, now).await?;
        }
        Ok(Principal::Service { name: key.name, scopes: key.scopes })
    }
}
