use muster_domain::StoreError;
use muster_domain::audit::Origin;
use muster_domain::page::{Limit, Page};
use muster_domain::user::{ChangeRoleError, ProfileFacts, Role, UserKey, UserQuery, UserService, UserSummary};
use muster_domain::verification::ChannelSet;
use serde_json::{Value, json};

use super::{FindPersonError, person};
use crate::command_line::AdminCommand;
use crate::config::Config;
use crate::output::{hint, say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why no role was changed, or nothing was learnt of admins.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// The store cannot be used.
    #[error("cannot manage admins")]
    Open(#[from] OpenStoreError),
    /// Who is meant?
    #[error(transparent)]
    Find(#[from] FindPersonError),
    /// Nobody could undo it.
    #[error("{0} is the last active admin and stays one: make another first, muster admin grant EMAIL")]
    Last(String),
    /// The role was not changed.
    #[error("cannot change the role")]
    Change(#[from] ChangeRoleError),
    /// The admins were not read.
    #[error("cannot list the admins")]
    List(#[from] StoreError),
}

/// Makes a person an admin, or one no more, or lists the admins.
///
/// # Errors
/// When there is no such person, no active admin would be left, or the store fails.
pub(crate) async fn run(config: &Config, command: AdminCommand) -> Result<(), AdminError> {
    let store = store::open_existing(config).await?;
    hint(&store::described(config));
    let users = wiring::users(&store);
    match command {
        AdminCommand::Grant { login } => say(grant(&users, &login).await?),
        AdminCommand::Revoke { login } => say(revoke(&users, &login).await?),
        AdminCommand::List { json } => {
            let admins = list(&users).await?;
            if json {
                say_json(&json!({ "items": admins.iter().map(document).collect::<Vec<_>>() }));
            } else {
                admins.iter().map(line).for_each(say);
            }
        }
    }
    Ok(())
}

async fn grant(users: &UserService, login: &str) -> Result<String, AdminError> {
    let account = person(users, login).await?;
    let person = users.change_role(account.id, Role::Admin, &Origin::system("admin grant")).await?;
    let change = if account.role == Role::Admin { "is an admin already" } else { "is an admin now" };
    let note = if account.active { "" } else { "; they are deactivated and cannot sign in" };
    Ok(format!("{} {change}{note}", named(&person)))
}

async fn revoke(users: &UserService, login: &str) -> Result<String, AdminError> {
    let account = person(users, login).await?;
    let changed = users.change_role(account.id, Role::User, &Origin::system("admin revoke")).await;
    let person = changed.map_err(|error| match error {
        ChangeRoleError::LastAdmin => AdminError::Last(login.escape_debug().to_string()),
        error => error.into(),
    })?;
    let change = if account.role == Role::Admin { "is no admin any more" } else { "was no admin" };
    Ok(format!("{} {change}", named(&person)))
}

fn named(person: &ProfileFacts) -> String {
    format!("{} ({})", person.user.user_name, person.user.display_name)
}

/// Every admin of the directory's, by user name.
async fn list(users: &UserService) -> Result<Vec<UserSummary>, StoreError> {
    let mut query =
        UserQuery { role: Some(Role::Admin), limit: Limit::LARGEST, required: ChannelSet::ALL, ..UserQuery::default() };
    let mut admins = Vec::new();
    loop {
        let key = |user: &UserSummary| UserKey::of(&user.user_name);
        let page = Page::from_one_more(users.users.list(&query).await?, query.limit, key);
        admins.extend(page.items);
        let Some(next) = page.next else { return Ok(admins) };
        query.after = Some(next);
    }
}

/// An admin in one line of columns: user name, name, e-mail address, whether they are deactivated.
fn line(admin: &UserSummary) -> String {
    let email = admin.email.as_deref().unwrap_or("no e-mail address");
    let note = if admin.active { "" } else { "  deactivated" };
    format!("{}  {}  {email}{note}", admin.user_name, admin.display_name)
}

fn document(admin: &UserSummary) -> Value {
    let UserSummary { id, user_name, display_name, email, active, .. } = admin;
    json!({ "id": id, "userName": user_name, "displayName": display_name, "email": email, "active": active })
}

#[cfg(test)]
mod tests;
