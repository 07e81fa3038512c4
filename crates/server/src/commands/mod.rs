//! What each command does. A command prints its results and answers with its exit code.

pub(crate) mod admin;
pub(crate) mod break_glass;
pub(crate) mod directory;
pub(crate) mod doctor;
pub(crate) mod export_audit;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod manual;
pub(crate) mod migrate;
pub(crate) mod pepper;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod verify_audit;

use std::sync::Arc;

use muster_crypto::{AccessTokenSigner, Keyring, Pepper, SystemEntropy};
use muster_domain::StoreError;
use muster_domain::user::{Account, UserService};

use crate::config::{Config, Mode, Others};
use crate::data_dir::{self, DataDirError};

/// Why it is not known who is meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FindPersonError {
    /// Nobody is, or it is unclear who.
    #[error("no one person has the user name or e-mail address {0}")]
    Nobody(String),
    /// The store failed.
    #[error("cannot find that person")]
    Store(#[from] StoreError),
}

/// The person with that user name or e-mail address, active or not.
async fn person(users: &UserService, login: &str) -> Result<Account, FindPersonError> {
    let account = users.users.find_login(login).await?;
    account.ok_or_else(|| FindPersonError::Nobody(login.escape_debug().to_string()))
}

/// The keyed hashes under the configured peppers or, in development mode, under the data folder's own.
fn keyring(config: &Config) -> Result<Arc<Keyring>, DataDirError> {
    keyring_and(config, Vec::new()).map(Arc::new)
}

/// The same with more previous peppers than are configured.
fn keyring_and(config: &Config, mut older: Vec<Pepper>) -> Result<Keyring, DataDirError> {
    if let Some(pepper) = &config.pepper {
        let Others { next, previous } = &config.other_peppers;
        older.extend(previous.iter().cloned());
        return Ok(Keyring::rotating(pepper, next.as_ref(), &older));
    }
    data_dir::create(&config.data_dir)?;
    Ok(Keyring::rotating(&data_dir::pepper(&config.data_dir, &SystemEntropy)?, None, &older))
}

/// Signs for `issuer` with the configured keys or, in development mode, with the data folder's own.
fn signer(config: &Config, issuer: String) -> Result<AccessTokenSigner, DataDirError> {
    let accepts_development = config.mode == Mode::Development;
    if let Some(key) = &config.signing_key {
        let Others { next, previous } = &config.other_signing_keys;
        let others: Vec<_> = next.iter().chain(previous).collect();
        return Ok(AccessTokenSigner::rotating(key, &others, issuer, accepts_development));
    }
    data_dir::create(&config.data_dir)?;
    let key = data_dir::signing_key(&config.data_dir, &SystemEntropy)?;
    Ok(AccessTokenSigner::new(&key, issuer, accepts_development))
}
