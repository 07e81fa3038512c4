use muster_domain::audit::Origin;
use muster_domain::break_glass::{
    AccountName, BreakGlassAccount, BreakGlassService, CreateAccountError, CreatedAccount,
};
use muster_domain::{InvalidText, StoreError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::command_line::BreakGlassCommand;
use crate::config::Config;
use crate::output::say;
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
    let accounts = wiring::break_glass(&store::open(config).await?);
    match command {
        BreakGlassCommand::Create { name } => {
            let created = create(&accounts, &name).await?;
            say(format!("{} is an admin of last resort", created.name));
            say("This is the only time that the password is shown:");
            say(created.password.expose());
        }
        BreakGlassCommand::List => {
            for account in accounts.list().await? {
                say(line(&account));
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
    let at = |time: OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
    let used = account.last_used_at.map_or_else(|| "never used".to_owned(), |time| format!("used {}", at(time)));
    let state = account.revoked_at.map_or_else(|| "works".to_owned(), |time| format!("revoked {}", at(time)));
    format!("{}  made {}  {used}  {state}  {}", account.user_id, at(account.created_at), account.name)
}

#[cfg(test)]
mod tests;
