//! What each command does. A command prints its results and answers with its exit code.

pub(crate) mod break_glass;
pub(crate) mod directory;
pub(crate) mod doctor;
pub(crate) mod grant;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod migrate;
pub(crate) mod serve;

use std::sync::Arc;

use muster_crypto::{AccessTokenSigner, Keyring, SystemEntropy};

use crate::config::{Config, Mode};
use crate::data_dir::{self, DataDirError};

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
