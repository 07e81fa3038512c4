use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came: its head in small letters, and its body.
pub(crate) struct Heard {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// An HTTP/1.1 server on this machine that keeps what it hears.
pub(crate) struct Listener {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    serving: JoinHandle<()>,
}

/// A text message that Twilio took.
const QUEUED: &str = r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","error_code":null}"#;

impl Listener {
    /// One that answers as a collector does, without a word.
    pub(crate) async fn collector() -> Self {
        Self::answering("200 OK", "", Duration::ZERO).await
    }

    /// One that takes every text message.
    pub(crate) async fn twilio() -> Self {
        Self::answering("201 Created", QUEUED, Duration::ZERO).await
    }

    /// One that answers when nobody waits any more.
    pub(crate) async fn asleep() -> Self {
        Self::answering("200 OK", "", Duration::from_hours(1)).await
    }

    async fn answering(status: &str, body: &str, after: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        let heard = Arc::<Mutex<Vec<Heard>>>::default();
        let serving = tokio::spawn({
            let heard = heard.clone();
            async move {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(client, answer.clone(), after, heard.clone()));
                }
            }
        });
        Self { url, heard, serving }
    }

    /// What it heard since it was asked last.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut client: TcpStream, answer: String, after: Duration, kept: Arc<Mutex<Vec<Heard>>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let mut request = Heard { head: String::from_utf8(head).ok()?.to_lowercase(), body: Vec::new() };
    request.body.resize(request.header("content-length").map_or(0, |length| length.parse().unwrap()), 0);
    client.read_exact(&mut request.body).await.ok()?;
    kept.lock().unwrap().push(request);
    tokio::time::sleep(after).await;
    client.write_all(answer.as_bytes()).await.ok()
}
