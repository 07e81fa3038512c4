//! People and their platform roles. Profiles belong to the company directory: nothing here writes a name or a contact.

mod change_role;
mod email;
mod model;
mod phone;
mod port;
mod profile;

pub use change_role::ChangeRoleError;
pub use email::{EmailAddress, InvalidEmail};
pub use model::{Account, GivenContacts, Role, Source, User, fold};
pub use phone::{E164, Phone, Region};
pub use port::{ProfileReader, RoleOutcome, UserKey, UserQuery, UserStore};
pub use profile::{ProfileFacts, UserSummary};

#[cfg(feature = "mock")]
pub use port::{MockProfileReader, MockUserStore};

use std::sync::Arc;

use crate::page::Page;
use crate::{Clock, Entropy, StoreError, UserId};

/// Reading people, and the one thing about them that is Muster's own to change: the platform role.
pub struct UserService {
    /// Whole profiles.
    pub profiles: Arc<dyn ProfileReader>,
    /// Lists, accounts and roles.
    pub users: Arc<dyn UserStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the ids of audit records.
    pub entropy: Arc<dyn Entropy>,
}

impl UserService {
    /// Everything about one person, `None` when there is no such person.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn profile(&self, id: UserId) -> Result<Option<ProfileFacts>, StoreError> {
        self.profiles.profile(id).await
    }

    /// Whether there is such a person, active or not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn exists(&self, id: UserId) -> Result<bool, StoreError> {
        Ok(self.users.account(id).await?.is_some())
    }

    /// One page of people, ordered by user name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, query: &UserQuery) -> Result<Page<UserSummary, UserKey>, StoreError> {
        let items = self.users.list(query).await?;
        Ok(Page::from_one_more(items, query.limit, |user| UserKey::of(&user.user_name)))
    }
}
