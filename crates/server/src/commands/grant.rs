use muster_domain::StoreError;
use muster_domain::audit::Origin;
use muster_domain::user::{ChangeRoleError, Role, UserService};

use crate::config::Config;
use crate::output::say;
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why nobody became an admin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantError {
    /// The store cannot be used.
    #[error("cannot grant")]
    Open(#[from] OpenStoreError),
    /// Nobody is meant, or it is unclear who.
    #[error("no one person has the user name or e-mail address {0}")]
    Nobody(String),
    /// The person was not found.
    #[error("cannot find that person")]
    Find(#[source] StoreError),
    /// The role was not changed.
    #[error("cannot change the role")]
    Change(#[from] ChangeRoleError),
}

/// Makes a person an admin and prints so.
///
/// # Errors
/// When there is no such person, or the store fails.
pub(crate) async fn run(config: &Config, login: &str) -> Result<(), GrantError> {
    let store = store::open(config).await?;
    say(grant(&wiring::users(&store), login).await?);
    Ok(())
}

async fn grant(users: &UserService, login: &str) -> Result<String, GrantError> {
    let account = users.users.find_login(login).await.map_err(GrantError::Find)?;
    let account = account.ok_or_else(|| GrantError::Nobody(login.escape_debug().to_string()))?;
    let person = users.change_role(account.id, Role::Admin, &Origin::system("admin grant")).await?.user;
    let change = if account.role == Role::Admin { "is an admin already" } else { "is an admin now" };
    let note = if account.active { "" } else { "; they are deactivated and cannot sign in" };
    Ok(format!("{} ({}) {change}{note}", person.user_name, person.display_name))
}

#[cfg(test)]
mod tests;
