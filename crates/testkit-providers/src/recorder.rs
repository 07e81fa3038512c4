use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::faults::read_request;

/// An HTTP/1.1 proxy without TLS that stands before a server and keeps what went to and fro. One request for each
/// connection; bodies must be text and of a length that the head announces.
pub struct Recorder {
    /// Its address, without a slash at its end.
    pub url: String,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    serving: JoinHandle<()>,
}

/// A request and what the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// As the client sent it.
    pub request: Recorded,
    /// As the server sent it.
    pub response: Recorded,
}

/// Half of an [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The first line, for example `POST /messages HTTP/1.1` or `HTTP/1.1 201 Created`.
    pub start: String,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Recorded {
    /// The value of a header, named in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let start = lines.next().unwrap_or_default().to_owned();
        let header =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Self { start, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }
}

impl Recorder {
    /// Stands before the server on this port of 127.0.0.1.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let exchanges = Arc::<Mutex<Vec<Exchange>>>::default();
        let serving = tokio::spawn({
            let exchanges = exchanges.clone();
            async move {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    tokio::spawn(forward(client, port, exchanges.clone()));
                }
            }
        });
        Self { url, exchanges, serving }
    }

    /// What went to and fro so far, in the order in which it ended.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn forward(mut client: TcpStream, port: u16, exchanges: Arc<Mutex<Vec<Exchange>>>) {
    let Some(request) = read_request(&mut client).await else {
        return;
    };
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // So that the answer's end is the connection's, and the client opens another for its next request.
    let closing = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    server.write_all(closing.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    server.read_to_end(&mut response).await.unwrap();
    let exchange =
        Exchange { request: Recorded::parse(&request), response: Recorded::parse(&String::from_utf8_lossy(&response)) };
    exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    let _ = client.write_all(&response).await;
    let _ = client.shutdown().await;
}
