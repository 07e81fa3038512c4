//! How Muster calls others: an HTTP client (rustls on ring, HTTP/2 where they speak it, no redirects), and what was found
//! when a service was looked at.

mod finding;
mod trace;

pub use finding::{Finding, Verdict, clock_finding};
pub use trace::traced;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub use reqwest::{Client, Error as ClientError};
use reqwest::{ClientBuilder, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody could be trusted.
    #[error("this system has no root certificates; install its ca-certificates, or name a file in SSL_CERT_FILE")]
    NoRoots,
    /// TLS could not be set up.
    #[error("could not set up TLS")]
    Tls(#[from] rustls::Error),
    /// The client could not be made.
    #[error("could not set up the HTTP client")]
    Client(#[from] reqwest::Error),
}

/// The system's certificates, read once: a server has a client for each of its providers.
static SYSTEM_ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
});

/// A client to build on, that trusts the system's certificates.
///
/// # Errors
/// When there are none, or TLS cannot be set up.
pub fn client() -> Result<ClientBuilder, TransportError> {
    if SYSTEM_ROOTS.is_empty() {
        return Err(TransportError::NoRoots);
    }
    client_trusting(SYSTEM_ROOTS.clone())
}

/// A client to build on, that trusts `roots` alone.
///
/// # Errors
/// When TLS cannot be set up.
pub fn client_trusting(roots: impl Into<Arc<RootCertStore>>) -> Result<ClientBuilder, TransportError> {
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(3))
        // A connection that died silently is noticed before many sends have waited for it.
        .http2_keep_alive_interval(Duration::from_secs(15))
        .http2_keep_alive_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(30)))
}
