use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::break_glass::{AccountName, BreakGlassService, Password, PasswordError};
use crate::directory::InsertOutcome;
use crate::user::{Role, Source, User};
use crate::{StoreError, UserId};

/// An account that was made.
#[derive(Debug)]
pub struct CreatedAccount {
    /// Whose.
    pub user_id: UserId,
    /// What it is called.
    pub name: String,
    /// Its password, to be shown this once.
    pub password: Password,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// There is one of that name.
    #[error("there is a break-glass account of that name already")]
    NameTaken,
    /// The password was not hashed.
    #[error("could not hash the password")]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error("could not record the account")]
    Store(#[from] StoreError),
}

impl BreakGlassService {
    /// Makes an account with a password of 150 random bits.
    ///
    /// # Errors
    /// See [`CreateAccountError`].
    pub async fn create(&self, name: AccountName, origin: &Origin) -> Result<CreatedAccount, CreateAccountError> {
        let password = Password::generate(&*self.entropy);
        let hash = self.passwords.hash_password(&password).await?;
        let now = self.clock.now();
        let name = String::from(name);
        let user = User {
            user_name: format!("break-glass: {name}"),
            display_name: format!("Break-glass: {name}"),
            version: 1,
            ..User::nameless(UserId::new(now, &*self.entropy), Source::Local, Role::Admin, now)
        };
        let change = AuditChange::BreakGlassCreated { account: name.clone() };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(user.id), &change);
        match self.accounts.insert(&user, &name, &hash, self.passwords.tag(&password), &event).await? {
            InsertOutcome::Inserted => Ok(CreatedAccount { user_id: user.id, name, password }),
            InsertOutcome::Taken => Err(CreateAccountError::NameTaken),
        }
    }
}
