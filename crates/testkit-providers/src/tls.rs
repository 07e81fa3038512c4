use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A request, as it came over HTTP/2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in small letters, and values.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Received {
    /// The value of a header, named in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What a [`TlsServer`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Told {
    /// An answer without headers of its own.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// The same with another header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

type Answer = Arc<dyn Fn(&Received) -> Told + Send + Sync>;

/// A server that speaks nothing but HTTP/2 over TLS, with a certificate of an authority of its own.
pub struct TlsServer {
    /// Its address, without a slash at its end.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    authority: CertificateDer<'static>,
    authority_pem: String,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl TlsServer {
    /// Another name that its certificate is for, which no resolver knows.
    pub const NAME: &str = "push.example";

    /// Starts one that answers as `answer` says.
    pub async fn start(answer: impl Fn(&Received) -> Told + Send + Sync + 'static) -> Self {
        let (config, authority, authority_pem) = certified();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("https://localhost:{}", address.port());
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let connections = Arc::<AtomicUsize>::default();
        let answer: Answer = Arc::new(answer);
        let serving = tokio::spawn({
            let (received, connections) = (received.clone(), connections.clone());
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (acceptor, answer, received, connections) =
                        (acceptor.clone(), answer.clone(), received.clone(), connections.clone());
                    tokio::spawn(async move {
                        // A client that does not trust the certificate goes away here.
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        connections.fetch_add(1, Ordering::SeqCst);
                        let service = service_fn(|request| respond(request, answer.clone(), received.clone()));
                        let connection = http2::Builder::new(TokioExecutor::new());
                        let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            }
        });
        Self { url, address, authority, authority_pem, received, connections, serving }
    }

    /// Whom a client must trust to come here.
    #[must_use]
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        roots
    }

    /// The same as PEM, for another program's `SSL_CERT_FILE`.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The requests so far, in the order of their arrival.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections came as far as HTTP.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn certified() -> (ServerConfig, CertificateDer<'static>, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), TlsServer::NAME.to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::from(key))
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (config, authority.der().clone(), authority.pem())
}

async fn respond(
    request: Request<Incoming>,
    answer: Answer,
    received: Arc<Mutex<Vec<Received>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let request = Received {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: body.collect().await.map(|body| text(&body.to_bytes())).unwrap_or_default(),
    };
    let told = answer(&request);
    received.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    let mut response = Response::builder().status(told.status);
    for (name, value) in told.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(told.body)).unwrap())
}
