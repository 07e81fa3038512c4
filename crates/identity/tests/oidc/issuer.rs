use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use muster_identity::{OidcSettings, OidcTokens};
use rustls::RootCertStore;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);
pub(crate) const AUDIENCE: &str = "api://muster";

/// Tokens of an issuer, called without a proxy.
pub(crate) fn tokens_of(issuer: &str) -> OidcTokens {
    tokens_trusting(issuer, RootCertStore::empty())
}

pub(crate) fn tokens_trusting(issuer: &str, roots: RootCertStore) -> OidcTokens {
    tokens_with(settings(issuer), roots)
}

/// Tokens of an issuer whose userinfo is not asked.
pub(crate) fn tokens_without_userinfo(issuer: &str) -> OidcTokens {
    tokens_with(OidcSettings { asks_userinfo: false, ..settings(issuer) }, RootCertStore::empty())
}

fn settings(issuer: &str) -> OidcSettings {
    OidcSettings { issuer: issuer.parse().unwrap(), audience: AUDIENCE.parse().unwrap(), asks_userinfo: true }
}

fn tokens_with(settings: OidcSettings, roots: RootCertStore) -> OidcTokens {
    let client = muster_outbound::client_trusting(roots).unwrap();
    OidcTokens::new(settings, client.no_proxy()).unwrap()
}

pub(crate) fn claims(issuer: &str) -> Value {
    let now = NOW.unix_timestamp();
    json!({ "iss": issuer, "sub": "00u1", "aud": AUDIENCE, "iat": now, "exp": now + 600 })
}

/// What the issuer does when it is asked for a document.
#[derive(Clone)]
pub(crate) enum Told {
    Answer {
        status: u16,
        headers: String,
        body: String,
    },
    /// Answers as the second says, after a while.
    Late(Duration, Box<Told>),
    /// Sends a head and then `x` without end.
    Endless,
    /// Announces more than comes.
    Half,
    Reset,
}

impl Told {
    pub(crate) fn json(body: impl Display) -> Self {
        Self::Answer { status: 200, headers: String::new(), body: format!("{body}") }
    }

    pub(crate) fn with(self, header: &str) -> Self {
        match self {
            Self::Answer { status, headers, body } => {
                Self::Answer { status, headers: format!("{headers}{header}\r\n"), body }
            }
            other => other,
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Answer { status, headers: String::new(), body: "{}".to_owned() }
    }
}

/// By path, what is answered, how often it was asked for, and the last request.
type Paths = Arc<Mutex<HashMap<String, (Told, usize, String)>>>;

/// An issuer over plain HTTP on this machine.
pub(crate) struct TestIssuer {
    pub(crate) url: String,
    paths: Paths,
    serving: JoinHandle<()>,
}

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/keys";
pub(crate) const USERINFO: &str = "/userinfo";

impl TestIssuer {
    /// Starts one that publishes these keys.
    pub(crate) async fn start(keys: Value) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let paths = Paths::default();
        let serving = tokio::spawn({
            let paths = paths.clone();
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(stream, paths.clone()));
                }
            }
        });
        let issuer = Self { url, paths, serving };
        issuer.tell(DISCOVERY, Told::json(issuer.discovery()));
        issuer.tell(KEYS, Told::json(keys));
        issuer
    }

    /// Its discovery document.
    pub(crate) fn discovery(&self) -> Value {
        json!({
            "issuer": self.url, "jwks_uri": format!("{}{KEYS}", self.url),
            "userinfo_endpoint": format!("{}{USERINFO}", self.url),
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        })
    }

    /// What it does from now on.
    pub(crate) fn tell(&self, path: &str, told: Told) {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, last) = paths.get(path).map_or((0, String::new()), |(_, asked, last)| (*asked, last.clone()));
        paths.insert(path.to_owned(), (told, asked, last));
    }

    /// How often a document was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).get(path).map_or(0, |(_, asked, _)| *asked)
    }

    /// The last request for it, as it came.
    pub(crate) fn last(&self, path: &str) -> String {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).get(path).unwrap().2.clone()
    }

    pub(crate) fn tokens(&self) -> OidcTokens {
        tokens_of(&self.url)
    }

    pub(crate) fn claims(&self) -> Value {
        claims(&self.url)
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, paths: Paths) {
    let mut read = vec![0; 8192];
    let length = stream.read(&mut read).await.unwrap_or_default();
    let request = String::from_utf8_lossy(&read[..length]).into_owned();
    let Some(path) = request.split(' ').nth(1) else { return };
    let told = {
        let mut paths = paths.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, asked, last) = paths.entry(path.to_owned()).or_insert((Told::status(404), 0, String::new()));
        *asked += 1;
        last.clone_from(&request);
        told.clone()
    };
    answer(stream, told).await;
}

async fn answer(mut stream: TcpStream, told: Told) {
    let told = match told {
        Told::Late(late, told) => {
            tokio::time::sleep(late).await;
            *told
        }
        told => told,
    };
    let head = |status: u16, headers: &str, length: usize| {
        format!("HTTP/1.1 {status} Told\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n")
    };
    match told {
        Told::Answer { status, headers, body } => {
            let _ = stream.write_all((head(status, &headers, body.len()) + &body).as_bytes()).await;
        }
        Told::Half => {
            let _ = stream.write_all((head(200, "", 1000) + "{\"keys\":").as_bytes()).await;
        }
        Told::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 Told\r\nconnection: close\r\n\r\n{\"keys\":\"").await;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        }
        Told::Reset => {
            let _ = stream.set_zero_linger();
            return;
        }
        Told::Late(..) => unreachable!("nothing is late twice"),
    }
    let _ = stream.shutdown().await;
}
