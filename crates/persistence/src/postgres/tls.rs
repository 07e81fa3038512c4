//! TLS to PostgreSQL: rustls on ring, and whose certificate is good enough.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::{ParsedUrl, Roots, Trust};

/// Why no certificate could be verified.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("could not read the certificates in {}", .path.display())]
    Roots { path: PathBuf, source: pem::Error },
    #[error("there is no usable certificate in {}", .0.display())]
    NoRoots(PathBuf),
    #[error("this system has no root certificates; name a file with sslrootcert")]
    NoSystemRoots,
    #[error("could not set up TLS")]
    Rustls(#[from] rustls::Error),
    #[error("could not set up the verification of certificates")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

pub(super) fn connector(url: &ParsedUrl) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let lenient = |chain| {
        let verifier = Lenient { chain, provider: provider.clone() };
        config.clone().dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
    };
    let config = match &url.trust {
        Trust::Anyone => lenient(None),
        Trust::SignedBy(roots) => {
            let roots = Arc::new(certificates(roots)?);
            lenient(Some(WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build()?))
        }
        Trust::Named(roots) => config.clone().with_root_certificates(certificates(roots)?).with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(roots: &Roots) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::File(path) => {
            let failed = |source| TlsError::Roots { path: path.clone(), source };
            let found = CertificateDer::pem_file_iter(path).map_err(failed)?;
            store.add_parsable_certificates(found.collect::<Result<Vec<_>, _>>().map_err(failed)?);
            if store.is_empty() {
                return Err(TlsError::NoRoots(path.clone()));
            }
        }
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err(TlsError::NoSystemRoots);
            }
        }
    }
    Ok(store)
}

/// Does not ask for the host's name: any certificate with a chain that `chain` accepts will do, or any at all.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is looked at last, when the chain is good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
