use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKey, ApiKeyName, ApiKeyService, CreatedKey, NewKey, RotateKeyError, Scopes};
use muster_domain::audit::Origin;
use muster_domain::{InvalidText, StoreError};
use serde_json::{Value, json};
use time::Duration;

use crate::command_line::KeyCommand;
use crate::config::Config;
use crate::output::{at, say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why nothing was done about a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The store cannot be used.
    #[error("cannot manage keys")]
    Open(#[from] OpenStoreError),
    /// The name is none.
    #[error("--name {0}")]
    Name(InvalidText),
    /// It may be used for nothing.
    #[error("--scopes must name at least one")]
    NoScopes,
    /// There is no such key, or it does not work any more.
    #[error("there is no such key that works: muster key list")]
    NotLive,
    /// The store failed.
    #[error("cannot manage keys")]
    Store(#[from] StoreError),
}

/// Makes, lists, rotates or revokes API keys. A key that was made is printed once, alone on the last line.
///
/// # Errors
/// When there is no such key, or the store fails.
pub(crate) async fn run(config: &Config, command: KeyCommand) -> Result<(), KeyError> {
    let store = store::open_existing(config).await?;
    let keys = wiring::api_keys(&store);
    let origin = |what| Origin::system(format!("key {what}"));
    match command {
        KeyCommand::Create { name, scopes, expires_in_days, json } => {
            let name = ApiKeyName::parse(&name).map_err(KeyError::Name)?;
            let expires_at = expires_in_days.map(|days| wiring::clock().now() + Duration::days(days.into()));
            let scopes = Scopes::of(&scopes).ok_or(KeyError::NoScopes)?;
            show(&keys.create(NewKey { name, scopes, expires_at }, &origin("create")).await?, json);
        }
        KeyCommand::List { json } => {
            let keys = keys.list().await?;
            if json {
                say_json(&json!({ "items": keys.iter().map(document).collect::<Vec<_>>() }));
            } else {
                keys.iter().map(line).for_each(say);
            }
        }
        KeyCommand::Rotate { id, overlap_hours, json } => {
            let overlap = overlap_hours.map_or(ApiKeyService::OVERLAP, |hours| Duration::hours(hours.into()));
            let made = keys.rotate(id, overlap, &origin("rotate")).await.map_err(|error| match error {
                RotateKeyError::NotLive => KeyError::NotLive,
                RotateKeyError::Store(error) => error.into(),
            })?;
            show(&made, json);
        }
        KeyCommand::Revoke { id } => {
            if !keys.revoke(id, &origin("revoke")).await? {
                return Err(KeyError::NotLive);
            }
            say(format!("{id} is revoked"));
        }
    }
    Ok(())
}

fn show(made: &CreatedKey, json: bool) {
    if json {
        let mut document = document(&made.key);
        document["key"] = Value::from(made.token.expose().as_str());
        return say_json(&document);
    }
    say(line(&made.key));
    say("This is the only time that the key is shown:");
    say(&*made.token.expose());
}

/// A key in one line of columns: id, how it begins, scopes, when it was last used, whether it works, name.
fn line(key: &ApiKey) -> String {
    let scopes: Vec<&str> = key.scopes.iter().copied().map(Scope::as_str).collect();
    let state = match (key.revoked_at.map(at), key.expires_at.map(at)) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "works".to_owned(),
    };
    let used = key.last_used_at.map(at).map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
    format!("{}  {}…  {}  {used}  {state}  {}", key.id, key.prefix, scopes.join(","), key.name)
}

/// A key as the API shows it.
fn document(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "createdAt": at(key.created_at),
        "expiresAt": key.expires_at.map(at),
        "revokedAt": key.revoked_at.map(at),
        "lastUsedAt": key.last_used_at.map(at),
    })
}
