use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::answer::{self, Answer};

/// A connection that is opened when it is needed, and again after the server closed it.
pub(crate) struct Connection {
    address: String,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(address: String) -> Self {
        Self { address, stream: None, read: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request and reads its answer. A kept connection that the server closed meanwhile, without a byte of an
    /// answer, is opened again.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let kept = self.stream.is_some();
        match self.attempt(request).await {
            Err(error) if kept && self.read.is_empty() && is_closed(&error) => self.attempt(request).await,
            result => result,
        }
    }

    /// The bytes of the last answer's body.
    pub(crate) fn body(&self, answer: &Answer) -> &[u8] {
        &self.read[answer.body.clone()]
    }

    async fn attempt(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.read.clear();
        // What failed, or was cancelled, is not used again.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(&self.address).await?,
        };
        stream.write_all(request).await?;
        loop {
            if stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match answer::whole(&self.read) {
                Ok(None) => {}
                Ok(Some(answer)) => {
                    if !answer.close {
                        self.stream = Some(stream);
                    }
                    return Ok(answer);
                }
                Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "not an answer of HTTP/1.1")),
            }
        }
    }
}

async fn open(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}
