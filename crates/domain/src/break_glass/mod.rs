//! Admins of last resort, who sign in with a password of Muster's own while the identity provider is down. The
//! directory neither makes nor sees them, nobody finds them in a list, and each use is told to every admin.

mod account;
mod create_account;
mod password;
mod port;
mod refusal;
mod revoke_account;
mod sign_in;

pub use account::{AccountName, BreakGlassAccount};
pub use create_account::{CreateAccountError, CreatedAccount};
pub use password::{
    InvalidPasswordHash, Lane, Password, PasswordError, PasswordHash, PasswordHasher, PasswordTag, PasswordTurn,
};
pub use port::{AttemptLimit, BreakGlassStore, Credential};
pub use refusal::{Refusal, RefusalRecord};
pub use sign_in::{SignInError, SignedIn};

#[cfg(feature = "mock")]
pub use {password::MockPasswordHasher, port::MockBreakGlassStore};

use std::sync::Arc;

use time::Duration;

use crate::{Clock, Entropy, StoreError};

/// Making break-glass accounts, listing and revoking them, and signing them in.
pub struct BreakGlassService {
    /// Where they are kept.
    pub accounts: Arc<dyn BreakGlassStore>,
    /// Hashes passwords, slowly.
    pub passwords: Arc<dyn PasswordHasher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For passwords and ids.
    pub entropy: Arc<dyn Entropy>,
}

impl BreakGlassService {
    /// How long one sign-in lasts. Nothing renews it.
    pub const SESSION: Duration = Duration::minutes(30);

    /// Every account that there ever was, by name, then the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self) -> Result<Vec<BreakGlassAccount>, StoreError> {
        self.accounts.list().await
    }
}
