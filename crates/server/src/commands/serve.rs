use std::io;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::thread;

use actix_web::web;
use muster_domain::StoreError;
use muster_domain::access::IdentityTokens;
use muster_domain::user::UserService;
use muster_domain::verification::Method;

use crate::background;
use crate::build;
use crate::config::{Config, Mode};
use crate::data_dir::DataDirError;
use crate::development::{SeedError, seed, welcome};
use crate::listening::{ListenError, listen, most_connections};
use crate::output::say;
use crate::senders::SendersError;
use crate::store::{self, OpenStoreError};
use crate::supervision;
use crate::telemetry;
use crate::tls::{Certificate, TlsError};
use crate::vitals::ServerVitals;
use crate::wiring::{self, OidcError, Parts};

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// Nobody could reach it.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Nobody could trust it.
    #[error("cannot speak TLS")]
    Tls(#[from] TlsError),
    /// A secret cannot be had.
    #[error("cannot start")]
    DataDir(#[from] DataDirError),
    /// The store cannot be used.
    #[error("cannot start")]
    Open(#[from] OpenStoreError),
    /// Nobody could sign in.
    #[error("cannot start")]
    Oidc(#[from] OidcError),
    /// No message could go out.
    #[error("cannot start")]
    Senders(#[from] SendersError),
    /// Nothing could be counted.
    #[error("cannot set up metrics")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
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

/// Serves until the process is told to stop. In development mode the demo directory is made in a fresh store, messages
/// without a provider go to the outbox, and a newcomer is told what to type.
///
/// # Errors
/// When it cannot start, or fails.
pub(crate) async fn run(config: &Config) -> Result<(), ServeError> {
    let development = config.mode == Mode::Development;
    let (listener, address) = listen(config.listen, development)?;
    let certificate = config.tls.as_ref().map(Certificate::open).transpose()?;
    let tls = certificate.as_ref().map(Certificate::server_config).transpose()?;
    let url = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });

    let keyring = super::keyring(config)?;
    let public_url = config.public_url.clone().unwrap_or_else(|| url.clone());
    let signer = super::signer(config, public_url.clone())?;
    let outbox = development.then(wiring::outbox);
    let senders = wiring::senders(&config.messaging, outbox.as_ref()).await?;
    let workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    // The workers', and this one.
    let store = store::open_for(workers.saturating_add(1), config).await?;
    if store.lacks_statement_timeout().await? {
        tracing::warn!("statement_timeout {}", store::NO_STATEMENT_TIMEOUT);
    }
    let channels = config.messaging.channels;
    tracing::info!(
        version = build::NUMBER,
        commit = build::COMMIT,
        mode = config.mode.as_str(),
        store = config.store.place(),
        channels = channels.iter().map(Method::as_str).collect::<Vec<_>>().join(","),
        "starting"
    );
    let vitals = ServerVitals::start(&store, senders.providers.clone(), channels, wiring::clock())?;
    let users = wiring::users(&store);
    if development {
        seed(&wiring::directory(&store, keyring.clone(), config.brake), &users).await?;
    }

    let oidc = wiring::oidc(config, Some(&public_url))?;
    let chain = Arc::new(wiring::audit_chain(&store, keyring.clone()));
    let key_rotation = wiring::key_rotation(&store, keyring.clone());
    let parts = Parts {
        keyring,
        signer,
        identities: oidc.map(|oidc| oidc as Arc<dyn IdentityTokens>),
        takes_newcomers: config.creates_users,
        senders: &senders,
        vitals: Arc::new(vitals),
        messaging: &config.messaging,
        front_end: wiring::front_end(config),
        replay_grace: config.replay_grace,
        brake: config.brake,
        default_phone_region: config.default_phone_region,
        public_url,
        outbox,
    };
    let api = web::Data::new(wiring::api(&store, parts));
    tokio::spawn(background::deliver_notices(wiring::notices(&store, &senders)));
    tokio::spawn(background::seal_audit(chain.clone()));
    tokio::spawn(background::rotate_keys(key_rotation, chain.clone()));
    tokio::spawn(background::measure_backlog(wiring::housekeeping(&store)));
    tokio::spawn(background::keep_house(wiring::housekeeping(&store), chain, config.audit_retention));
    if let Some(certificate) = certificate {
        tokio::spawn(certificate.follow());
    }
    let mut edge = config.edge.clone();
    edge.max_connections = most_connections(edge.max_connections, development);
    let mut server = pin!(muster_http::server(api, edge, tls, listener, workers.get()).map_err(ServeError::Run)?);
    // In this order: the first poll starts the workers and takes over the signals, so that whoever reads that the
    // server listens can use it and stop it.
    tokio::select! {
        biased;
        ended = &mut server => return ended.map_err(ServeError::Run),
        announced = announce(&url, development.then_some(&users)) => announced?,
    }
    supervision::announce().map_err(ServeError::Run)?;
    let ended = server.await.map_err(ServeError::Run);
    telemetry::stop().await;
    ended
}

/// Says where the server listens and, in development mode, what a newcomer can type.
async fn announce(url: &str, newcomers: Option<&UserService>) -> Result<(), StoreError> {
    say(format!("Muster listens on {url}"));
    if let Some(users) = newcomers {
        say(welcome(url, users).await?);
    }
    Ok(())
}
