//! Keys with which other services call, each with its scopes.

mod authenticate_key;
mod create_key;
mod model;
mod port;
mod revoke_key;
mod rotate_key;
mod token;

pub use authenticate_key::AuthenticateKeyError;
pub use create_key::{CreatedKey, NewKey, Scopes};
pub use model::{ApiKey, ApiKeyName};
pub use port::{ApiKeyStore, KeyRotation, RotateKeyOutcome};
pub use rotate_key::RotateKeyError;
pub use token::{ApiKeyHash, ApiKeyHasher, ApiKeyToken, InvalidApiKey};

#[cfg(feature = "mock")]
pub use {port::MockApiKeyStore, token::MockApiKeyHasher};

use std::sync::Arc;

use time::Duration;

use crate::{Clock, Entropy, StoreError};

/// Making, listing, rotating, revoking and checking API keys.
pub struct ApiKeyService {
    /// Where they are kept.
    pub keys: Arc<dyn ApiKeyStore>,
    /// Their hash.
    pub hasher: Arc<dyn ApiKeyHasher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For keys and ids.
    pub entropy: Arc<dyn Entropy>,
}

impl ApiKeyService {
    /// How long a rotated key goes on working unless something else is asked for.
    pub const OVERLAP: Duration = Duration::hours(24);
    /// The longest that a rotated key may go on working.
    pub const MAX_OVERLAP: Duration = Duration::days(30);
    /// How exactly it is known when a key was last used.
    pub const LAST_USED_PRECISION: Duration = Duration::MINUTE;

    /// Every key that there ever was, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.keys.list().await
    }
}
