//! The file of requests, and their bytes on the wire.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// What stands in a body for the line's kept value.
const KEPT: &str = "{kept}";

/// A line of the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Option<String>,
    /// What `{kept}` in the body stands for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<String>,
}

/// A request whose bytes are ready, but for what is kept.
pub(crate) enum Request {
    Ready(Vec<u8>),
    /// The head up to the body's length, and the body around what is kept.
    WithKept {
        head: String,
        body: Vec<String>,
    },
}

/// The lines of a file. The error names the line that is none.
pub(crate) fn read(text: &str) -> Result<Vec<Line>, String> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines =
        numbered.map(|(n, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", n + 1)));
    let lines = lines.collect::<Result<Vec<Line>, _>>()?;
    if lines.is_empty() { Err("there are no requests".to_owned()) } else { Ok(lines) }
}

impl Line {
    /// Its request to the server of that name.
    pub(crate) fn request(&self, host: &str) -> Request {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let body = self.body.as_deref().unwrap_or_default();
        if !body.is_empty() && !self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            head.push_str("content-type: application/json\r\n");
        }
        if body.contains(KEPT) {
            return Request::WithKept { head, body: body.split(KEPT).map(str::to_owned).collect() };
        }
        if self.body.is_some() || self.method != "GET" {
            let _ = write!(head, "content-length: {}\r\n", body.len());
        }
        Request::Ready(format!("{head}\r\n{body}").into_bytes())
    }

    /// Whether its body has a place for what is kept.
    pub(crate) fn keeps(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.contains(KEPT))
    }
}

impl Request {
    /// Its bytes, which are written to `buffer` when they are not ready.
    pub(crate) fn bytes<'a>(&'a self, kept: &str, buffer: &'a mut Vec<u8>) -> &'a [u8] {
        match self {
            Self::Ready(bytes) => bytes,
            Self::WithKept { head, body } => {
                let body = body.join(kept);
                buffer.clear();
                buffer.extend_from_slice(head.as_bytes());
                buffer.extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
                buffer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_http_has_it() {
        let line = r#"{"method":"GET","path":"/a","headers":{"accept":"*/*"},"body":null}"#;
        let request = read(line).unwrap()[0].request("h:1");
        let expected = b"GET /a HTTP/1.1\r\nhost: h:1\r\naccept: */*\r\n\r\n";
        assert_eq!(request.bytes("", &mut Vec::new()), expected);
    }

    #[test]
    fn what_is_kept_is_put_into_the_body_and_counted_in_its_length() {
        let line = r#"{"method":"POST","path":"/","headers":{},"body":"[\"{kept}\"]","kept":"ab"}"#;
        let line = &read(line).unwrap()[0];
        let mut buffer = Vec::new();
        let written = line.request("h").bytes("abc", &mut buffer).to_vec();
        let expected =
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n[\"abc\"]";
        assert_eq!(String::from_utf8(written).unwrap(), expected);
        assert!(line.keeps());
    }

    #[test]
    fn a_line_that_is_no_request_is_named() {
        let Err(error) = read("{\"method\":\"GET\",\"path\":\"/\"}\n\n{\"method\":1}") else { panic!("it was read") };
        assert!(error.starts_with("line 3: "), "{error}");
        assert!(read("\n").is_err());
    }
}
