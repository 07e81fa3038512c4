//! TLS by files: a certificate and its key, read anew when they change.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use muster_domain::with_causes;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::MissedTickBehavior;
use zeroize::Zeroizing;

use crate::config::TlsFiles;

/// How often it is looked whether the files changed.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// Why the server cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {} ({setting})", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What names it.
        setting: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what} in PEM ({setting})", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What names it.
        setting: &'static str,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// The two are no pair, or of a kind that cannot be used.
    #[error("the certificate and its key cannot be used (MUSTER_TLS_CERTIFICATE_FILE, MUSTER_TLS_KEY_FILE)")]
    Unusable(#[from] rustls::Error),
}

/// The certificate that clients are shown now.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    shown: RwLock<Arc<CertifiedKey>>,
    /// What was in the files when they were last looked at, as a hash; nothing when they could not be read.
    seen: Mutex<Option<u64>>,
}

impl Certificate {
    /// The one that is in the files.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub(crate) fn open(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let content = Content::read(files)?;
        let shown = RwLock::new(Arc::new(content.certified(files)?));
        Ok(Arc::new(Self { files: files.clone(), shown, seen: Mutex::new(Some(content.fingerprint())) }))
    }

    /// What a server shows it by: TLS 1.2 and 1.3, on ring.
    ///
    /// # Errors
    /// When ring cannot do that.
    pub(crate) fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions()?.with_no_client_auth();
        Ok(config.with_cert_resolver(self.clone()))
    }

    /// Looks at the files for as long as the server runs, and shows a new certificate in them from then on.
    pub(crate) async fn follow(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOKED_AT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let certificate = self.clone();
            // Its panics are in the log by the panic hook.
            let _ = tokio::task::spawn_blocking(move || certificate.look()).await;
        }
    }

    /// What is broken leaves the old certificate in place and one line in the log, until the files change again.
    fn look(&self) {
        let content = Content::read(&self.files);
        let now = content.as_ref().ok().map(Content::fingerprint);
        if std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now) == now {
            return;
        }
        match content.and_then(|content| content.certified(&self.files)) {
            Ok(certified) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                tracing::info!("the TLS certificate changed; new connections get the new one");
            }
            Err(error) => {
                tracing::error!(
                    cause = with_causes(&error),
                    "the new TLS certificate cannot be used; the old one stays"
                );
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What is in the files.
struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

const CERTIFICATE: &str = "MUSTER_TLS_CERTIFICATE_FILE";
const KEY: &str = "MUSTER_TLS_KEY_FILE";

impl Content {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |path: &Path, setting| {
            fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), setting, source })
        };
        Ok(Self { certificate: read(&files.certificate, CERTIFICATE)?, key: Zeroizing::new(read(&files.key, KEY)?) })
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, self.key.as_slice()).hash(&mut hasher);
        hasher.finish()
    }

    fn certified(&self, files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
        let path = &files.certificate;
        let wrong = |source| TlsError::Pem { path: path.clone(), what: "certificate", setting: CERTIFICATE, source };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.map_err(wrong)?;
        if chain.is_empty() {
            return Err(wrong(pem::Error::NoItemsFound));
        }
        let path = &files.key;
        let wrong = |source| TlsError::Pem { path: path.clone(), what: "private key", setting: KEY, source };
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(wrong)?;
        Ok(CertifiedKey::from_der(chain, key, &default_provider())?)
    }
}
