//! Where an answer ends, and what of it matters.

use std::ops::Range;

/// An answer that is whole.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where the body is in what was read; a chunked one with its chunks' sizes.
    pub(crate) body: Range<usize>,
    /// Whether the server closes the connection behind it.
    pub(crate) close: bool,
}

/// What is not HTTP/1.1, or not of the kind that this program reads.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed;

enum Length {
    Known(usize),
    Chunked,
    Missing,
}

/// The answer that was read so far, if it is whole.
pub(crate) fn whole(read: &[u8]) -> Result<Option<Answer>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(read).map_err(|_| Malformed)? else {
        return Ok(None);
    };
    let status = response.code.ok_or(Malformed)?;
    let mut close = response.version == Some(0);
    let mut length = Length::Missing;
    for header in response.headers.iter() {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("content-length") {
            let digits = str::from_utf8(value).map_err(|_| Malformed)?;
            length = Length::Known(digits.parse().map_err(|_| Malformed)?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        } else if header.name.eq_ignore_ascii_case("connection") {
            close = value.eq_ignore_ascii_case(b"close");
        }
    }
    let end = match length {
        Length::Known(length) => head + length,
        Length::Chunked => match chunks_end(read, head)? {
            Some(end) => end,
            None => return Ok(None),
        },
        Length::Missing if matches!(status, 204 | 304) => head,
        Length::Missing => return Err(Malformed),
    };
    Ok((end <= read.len()).then_some(Answer { status, body: head..end, close }))
}

/// Where the last chunk ends. Trailers are not read.
fn chunks_end(read: &[u8], mut at: usize) -> Result<Option<usize>, Malformed> {
    while at < read.len() {
        let httparse::Status::Complete((line, size)) =
            httparse::parse_chunk_size(&read[at..]).map_err(|_| Malformed)?
        else {
            return Ok(None);
        };
        at += line + usize::try_from(size).map_err(|_| Malformed)? + "\r\n".len();
        if size == 0 {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// The value of a string field, wherever it is in the JSON. Tokens have nothing that JSON escapes, so that the text
/// need not be parsed.
pub(crate) fn string_field<'a>(body: &'a [u8], field: &str) -> Option<&'a str> {
    let body = str::from_utf8(body).ok()?;
    let (_, after) = body.split_once(&format!("\"{field}\""))?;
    let after = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    after.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_once_its_body_is() {
        let text = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
        for cut in 0..text.len() {
            assert_eq!(whole(&text[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(whole(text), Ok(Some(Answer { status: 201, body: 43..45, close: false })));
    }

    #[test]
    fn a_chunked_answer_is_whole_after_its_last_chunk() {
        let text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        for cut in 0..text.len() {
            assert_eq!(whole(&text[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(whole(text), Ok(Some(Answer { status: 200, body: 66..78, close: true })));
    }

    #[test]
    fn an_answer_without_content_has_no_body_and_one_of_unknown_length_is_refused() {
        let none = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(whole(none), Ok(Some(Answer { status: 204, body: 27..27, close: false })));
        assert_eq!(whole(b"HTTP/1.1 200 OK\r\n\r\n"), Err(Malformed));
        assert_eq!(whole(b"SSH-2.0-OpenSSH\r\n"), Err(Malformed));
    }

    #[test]
    fn a_string_field_is_found_by_its_whole_name() {
        let body = br#"{"refreshTokenExpiresAt":"2026","refreshToken": "abc","user":{}}"#;
        assert_eq!(string_field(body, "refreshToken"), Some("abc"));
        assert_eq!(string_field(body, "refresh"), None);
        assert_eq!(string_field(body, "user"), None);
    }
}
