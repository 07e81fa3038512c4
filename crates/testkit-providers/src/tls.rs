use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

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

/// What a [`TlsServer`] does to a request that it has read instead of answering it. Each may have been acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Resets the request's stream; the connection is good for others.
    ResetsStream,
    /// Closes the connection.
    Closes,
    /// Announces that it takes no more requests, and closes the connection without answering this one.
    SaysGoodbye,
    /// Never answers; the connection is good for others.
    NeverAnswers,
    /// Neither reads nor writes any more on the connection, like a machine that has lost its power.
    Freezes,
    /// Resets the stream after half the answer's body.
    BreaksOff,
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
    /// What comes in between, if anything.
    pub trouble: Option<Trouble>,
}

impl Told {
    /// An answer without headers of its own.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), trouble: None }
    }

    /// The same, that does not arrive or not whole.
    #[must_use]
    pub fn but(mut self, trouble: Trouble) -> Self {
        self.trouble = Some(trouble);
        self
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
    /// Names of browsers' push services that its certificate is for too.
    pub const SERVICES: [&str; 4] = [
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "wns2-par02p.notify.windows.com",
    ];

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
                        serve(stream, answer, received).await;
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
    let names = ["localhost", TlsServer::NAME].into_iter().chain(TlsServer::SERVICES).map(str::to_owned);
    let certificate = CertificateParams::new(names.collect::<Vec<_>>()).unwrap().signed_by(&key, &authority).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::from(key))
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (config, authority.der().clone(), authority.pem())
}

async fn serve(stream: TlsStream<TcpStream>, answer: Answer, received: Arc<Mutex<Vec<Received>>>) {
    let (troubled, mut trouble) = mpsc::unbounded_channel();
    let service = service_fn(|request| respond(request, answer.clone(), received.clone(), troubled.clone()));
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let trouble = tokio::select! {
        _ = connection.as_mut() => return,
        trouble = trouble.recv() => trouble,
    };
    match trouble {
        Some(Trouble::SaysGoodbye) => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(Duration::from_millis(100), connection).await;
        }
        Some(Trouble::Freezes) => pending().await,
        _ => {}
    }
}

/// Ends a stream.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken off on purpose")
    }
}

impl Error for Broken {}

async fn respond(
    request: Request<Incoming>,
    answer: Answer,
    received: Arc<Mutex<Vec<Received>>>,
    troubled: mpsc::UnboundedSender<Trouble>,
) -> Result<Response<BoxBody<Bytes, Broken>>, Broken> {
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
    match told.trouble {
        None | Some(Trouble::BreaksOff) => {}
        Some(Trouble::ResetsStream) => return Err(Broken),
        Some(Trouble::NeverAnswers) => pending().await,
        Some(trouble @ (Trouble::Closes | Trouble::SaysGoodbye | Trouble::Freezes)) => {
            let _ = troubled.send(trouble);
            pending::<()>().await;
        }
    }
    let mut response = Response::builder().status(told.status);
    for (name, value) in told.headers {
        response = response.header(name, value);
    }
    let body = if told.trouble == Some(Trouble::BreaksOff) {
        let half = told.body[..told.body.len() / 2].to_owned();
        // A reset overtakes what has not been sent yet.
        let reset = async {
            sleep(Duration::from_millis(300)).await;
            Some(Err(Broken))
        };
        Full::from(half).map_err(|never| match never {}).with_trailers(reset).boxed()
    } else {
        Full::from(told.body).map_err(|never| match never {}).boxed()
    };
    Ok(response.body(body).unwrap())
}
