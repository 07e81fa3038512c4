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
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod verify_audit;

use std::sync::Arc;

use muster_crypto::{AccessTokenSigner, Keyring, SystemEntropy};
use muster_domain::StoreError;
use muster_domain::user::{Account, UserService};

use crate::config::{Config, Mode};
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

/// The keyed hashes under the configured pepper or, in development mode, under the data folder's own.
fn keyring(config: &Config) -> Result<Arc<Keyring>, DataDirError> {
    if let Some(pepper) = &config.pepper {
        return Ok(Arc::new(Keyring::new(pepper)));
    }
    data_dir::create(&config.data_dir)?;
    Ok(Arc::new(Keyring::new(&data_dir::pepper(&config.data_dir, &SystemEntropy)?)))
}

/// Signs for `issuer` with the configured key or, in development mode, with the data folder's own.
fn signer(config: &Config, issuer: String) -> Result<AccessTokenSigner, DataDirError> {
    let accepts_development = config.mode == Mode::Development;
    if let Some(key) = &config.signing_key {
        return Ok(AccessTokenSigner::new(key, issuer, accepts_development));
    }
    data_dir::create(&config.data_dir)?;
    let key = data_dir::signing_key(&config.data_dir, &SystemEntropy)?;
    Ok(AccessTokenSigner::new(&key, issuer, accepts_development))
}
