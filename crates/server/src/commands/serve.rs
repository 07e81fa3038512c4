use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;

use actix_web::web;
use muster_domain::StoreError;
use muster_domain::user::UserService;

use crate::config::Config;
use crate::data_dir::DataDirError;
use crate::development::{SeedError, seed, welcome};
use crate::output::say;
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0} (MUSTER_LISTEN)")]
    Listen(SocketAddr, #[source] io::Error),
    /// A secret cannot be had.
    #[error("cannot start")]
    DataDir(#[from] DataDirError),
    /// The store cannot be used.
    #[error("cannot start")]
    Open(#[from] OpenStoreError),
    /// The demo directory was not made.
    #[error("cannot start")]
    Seed(#[from] SeedError),
    /// The store failed.
    #[error("cannot start")]
    Store(#[from] StoreError),
    /// The server failed.
    #[error("the server failed")]
    Run(#[source] io::Error),
}

/// Serves in development mode, the only one that this version's configuration lets through, until the process is told
/// to stop.
///
/// # Errors
/// When it cannot start, or fails.
pub(crate) async fn run(config: &Config) -> Result<(), ServeError> {
    let cannot_listen = |error| ServeError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).map_err(cannot_listen)?;
    let url = format!("http://{}", listener.local_addr().map_err(cannot_listen)?);

    let keyring = super::keyring(config)?;
    let signer = super::signer(config, config.public_url.clone().unwrap_or_else(|| url.clone()))?;
    let store = store::open(config).await?;
    let users = wiring::users(&store);
    seed(&wiring::directory(&store, keyring.clone()), &users).await?;

    let api = web::Data::new(wiring::development_api(&store, keyring, signer, config.replay_grace));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let mut server = pin!(muster_http::server(api, listener, workers).map_err(ServeError::Run)?);
    // In this order: the first poll starts the workers and takes over the signals, so that whoever reads that the
    // server listens can use it and stop it.
    tokio::select! {
        biased;
        ended = &mut server => return ended.map_err(ServeError::Run),
        announced = announce(&url, &users) => announced?,
    }
    server.await.map_err(ServeError::Run)
}

async fn announce(url: &str, users: &UserService) -> Result<(), StoreError> {
    say(format!("Muster listens on {url}"));
    say(welcome(url, users).await?);
    Ok(())
}
