//! A store that takes an identity provider's word for local accounts.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::directory::{DirectoryStore, PersonKey};
use muster_domain::user::{Account, User, UserStore};

use crate::breakable::{Users, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Finds whomever a login names, the directory's or not.
    AnyAccount;
    /// Goes by the logins before the external id.
    LoginsFirst;
}

#[async_trait]
impl Users for AnyAccount {
    async fn find_identity(&self, subject: &str, logins: &[String]) -> Result<Option<Account>, StoreError> {
        for login in logins {
            let key = PersonKey { external_id: None, user_name: login.clone() };
            if let Some(User { id, role, active, source, .. }) = self.0.find_user(&key).await? {
                return Ok(Some(Account { id, role, active, source }));
            }
        }
        self.0.find_identity(subject, logins).await
    }
}

#[async_trait]
impl Users for LoginsFirst {
    async fn find_identity(&self, subject: &str, logins: &[String]) -> Result<Option<Account>, StoreError> {
        match self.0.find_identity("", logins).await? {
            None => self.0.find_identity(subject, &[]).await,
            found => Ok(found),
        }
    }
}

#[test]
fn a_local_account_that_an_identity_provider_vouches_for_is_caught() {
    caught!(breaking!(users, AnyAccount), users::an_identity_is_never_a_local_account, "a local account was found");
}

#[test]
fn a_login_that_goes_before_the_external_id_is_caught() {
    caught!(
        breaking!(users, LoginsFirst),
        users::an_identity_is_the_account_with_that_external_id_whatever_its_logins,
        "a login went before the external id"
    );
}
