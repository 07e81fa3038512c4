use muster_domain::audit::Origin;
use muster_domain::break_glass::{
    AccountName, BreakGlassAccount, BreakGlassService, CreateAccountError, CreatedAccount,
};
use muster_domain::{InvalidText, StoreError};
use serde_json::{Value, json};

use crate::command_line::BreakGlassCommand;
use crate::config::Config;
use crate::output::{at, say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why nothing was done about a break-glass account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BreakGlassError {
    /// The store cannot be used.
    #[error("cannot manage break-glass accounts")]
    Open(#[from] OpenStoreError),
    /// The name is none.
    #[error("the account's name {0}")]
    Name(InvalidText),
    /// The account was not made.
    #[error("cannot make the account")]
    Create(#[from] CreateAccountError),
    /// There is no such account, or it was revoked before.
    #[error("there is no such account that works: muster break-glass list")]
    NotLive,
    /// The store failed.
    #[error("cannot manage break-glass accounts")]
    Store(#[from] StoreError),
}

/// Makes, lists or revokes break-glass accounts. The password of one that was made is printed once, alone on the last line.
///
/// # Errors
/// When there is no such account or one of that name already, or the store fails.
pub(crate) async fn run(config: &Config, command: BreakGlassCommand) -> Result<(), BreakGlassError> {
    let accounts = wiring::break_glass(&store::open_existing(config).await?);
    match command {
        BreakGlassCommand::Create { name, json: true } => {
            let CreatedAccount { name, password, .. } = create(&accounts, &name).await?;
            say_json(&json!({ "name": name, "password": password.expose() }));
        }
        BreakGlassCommand::Create { name, json: false } => {
            let created = create(&accounts, &name).await?;
            say(format!("{} is an admin of last resort", created.name));
            say("This is the only time that the password is shown:");
            say(created.password.expose());
        }
        BreakGlassCommand::List { json } => {
            let accounts = accounts.list().await?;
            if json {
                say_json(&json!({ "items": accounts.iter().map(document).collect::<Vec<_>>() }));
            } else {
                accounts.iter().map(line).for_each(say);
            }
        }
        BreakGlassCommand::Revoke { name } => say(revoke(&accounts, &name).await?),
    }
    Ok(())
}

async fn create(accounts: &BreakGlassService, name: &str) -> Result<CreatedAccount, BreakGlassError> {
    let name = AccountName::parse(name).map_err(BreakGlassError::Name)?;
    Ok(accounts.create(name, &Origin::system("break-glass create")).await?)
}

async fn revoke(accounts: &BreakGlassService, name: &str) -> Result<String, BreakGlassError> {
    let name = AccountName::parse(name).map_err(BreakGlassError::Name)?;
    if accounts.revoke(name.as_str(), &Origin::system("break-glass revoke")).await? {
        Ok(format!("{name} is revoked"))
    } else {
        Err(BreakGlassError::NotLive)
    }
}

/// An account in one line of columns: id, when it was made, when it was last used, whether it works, name.
fn line(account: &BreakGlassAccount) -> String {
    let used = account.last_used_at.map_or_else(|| "never used".to_owned(), |time| format!("used {}", at(time)));
    let state = account.revoked_at.map_or_else(|| "works".to_owned(), |time| format!("revoked {}", at(time)));
    format!("{}  made {}  {used}  {state}  {}", account.user_id, at(account.created_at), account.name)
}

fn document(account: &BreakGlassAccount) -> Value {
    json!({
        "id": account.user_id,
        "name": account.name,
        "createdAt": at(account.created_at),
        "lastUsedAt": account.last_used_at.map(at),
        "revokedAt": account.revoked_at.map(at),
    })
}

#[cfg(test)]
mod tests;
