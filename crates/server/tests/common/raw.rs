//! HTTP/1.1 by hand, for what no well-behaved client does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A POST, head and body.
pub(crate) fn post(path: &str, token: Option<&str>, body: &Value) -> String {
    let body = body.to_string();
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\n{authorization}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A connection to a server, on which nothing is waited for longer than half a minute.
pub(crate) fn connect(url: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(url.strip_prefix("http://").unwrap())?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// Writes a request and hangs up without reading the answer.
pub(crate) fn hang_up(url: &str, request: &str, after: Duration) {
    connect(url).unwrap().write_all(request.as_bytes()).unwrap();
    std::thread::sleep(after);
}

/// An answer as it came, its head in lower case.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// Reads one answer that has a length. `None` when the connection ends before it is whole.
pub(crate) fn read_answer(stream: &mut impl Read) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Answer { status, head, body })
}
