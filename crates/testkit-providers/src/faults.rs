use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a [`FaultServer`] does with a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Reads the request and resets the connection: the request may have been acted on.
    ResetAfterRequest,
    /// Reads the request and never answers.
    NoAnswer,
    /// Announces more than it sends, with this status, and closes.
    HalfAnswer(u16),
    /// Answers, with these further header lines (`name: value`) and this body.
    Answer {
        /// The status.
        status: u16,
        /// Further header lines.
        headers: Vec<String>,
        /// The body.
        body: String,
    },
}

impl Fault {
    /// An answer with a JSON body and no header of its own.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Answer { status, headers: vec!["content-type: application/json".to_owned()], body: body.into() }
    }

    /// The same answer with another header line.
    #[must_use]
    pub fn with(mut self, header: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push(header.to_owned());
        }
        self
    }
}

/// An HTTP/1.1 server without TLS that does what it is told, one connection after the other in a script; the last entry
/// of the script serves every further connection. Keeps what it was sent.
pub struct FaultServer {
    /// Its address, without a slash at its end.
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl FaultServer {
    /// Starts with a script, which must not be empty.
    pub async fn start(script: impl Into<Vec<Fault>>) -> Self {
        let script = Arc::new(script.into());
        assert!(!script.is_empty(), "a fault server needs something to do");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
        let serving = tokio::spawn({
            let (requests, connections) = (requests.clone(), connections.clone());
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let turn = connections.fetch_add(1, Ordering::SeqCst);
                    let fault = script[turn.min(script.len() - 1)].clone();
                    tokio::spawn(serve(stream, fault, requests.clone()));
                }
            }
        });
        Self { url, requests, connections, serving }
    }

    /// An address where connections are refused.
    #[must_use]
    pub fn refusing_url() -> String {
        format!("http://127.0.0.1:{}", crate::free_port())
    }

    /// The requests so far, head and body, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, fault: Fault, requests: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    let (status, headers, body, announced) = match fault {
        Fault::ResetAfterRequest => {
            // With unsent data discarded, the kernel resets instead of closing.
            let _ = stream.set_zero_linger();
            return;
        }
        Fault::NoAnswer => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            return;
        }
        Fault::HalfAnswer(status) => (status, Vec::new(), "{\"half\":".to_owned(), 1000),
        Fault::Answer { status, headers, body } => {
            let length = body.len();
            (status, headers, body, length)
        }
    };
    let headers: String = headers.iter().flat_map(|line| [line, "\r\n"]).collect();
    let answer =
        format!("HTTP/1.1 {status} Told\r\n{headers}connection: close\r\ncontent-length: {announced}\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A request's head and its body, whose length the head announces; `None` when the client went away before.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        read.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
    }
}
