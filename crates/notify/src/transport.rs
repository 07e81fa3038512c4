//! The HTTP client of every provider but SES, whose SDK brings its own: rustls on ring, HTTP/2 where the provider
//! speaks it, no redirects, and answers that are read whole or not at all.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use muster_outbound::traced;
pub use muster_outbound::{TransportError, client, client_trusting};

use crate::attempt::{AttemptError, Refusal};

/// The largest answer that is read, in bytes; no provider's is longer than a few kilobytes.
const MAX_ANSWER: usize = 64 * 1024;

/// What a provider answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; `None` when it broke off or was longer than any provider's.
    pub body: Option<Vec<u8>>,
}

/// Sends a request, in the trace that it belongs to, and reads the answer.
///
/// # Errors
/// [`AttemptError::NotAccepted`] when no connection could be made, [`AttemptError::Failed`] when one broke before the
/// answer's head was there. The request's URL, which may hold an address, is in neither.
pub async fn exchange(request: RequestBuilder) -> Result<Answer, AttemptError> {
    let mut response = traced(request).send().await.map_err(|error| {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            AttemptError::not_accepted(error)
        } else {
            AttemptError::Failed(error.into())
        }
    })?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    let body = loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => body.extend_from_slice(&chunk),
            Ok(None) => break Some(body),
            Ok(Some(_)) | Err(_) => break None,
        }
    };
    Ok(Answer { status, headers, body })
}

/// Reads a `Retry-After` header (RFC 9110, section 10.2.3): in seconds, or a date, which is measured from the answer's own
/// `Date`. `None` when it cannot be read.
#[must_use]
pub fn retry_after(text: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let said_at = httpdate::parse_http_date(date?).ok()?;
    Some(until.duration_since(said_at).unwrap_or_default())
}

impl Answer {
    /// Whether the status says that all went well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: impl Into<HeaderName>) -> Option<&str> {
        self.headers.get(name.into())?.to_str().ok()
    }

    /// How long it asks to be left alone; see [`retry_after`].
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.header(RETRY_AFTER)?, self.header(DATE))
    }

    /// What an answer that is no success means by its status alone: 429 throttles, 503 has not taken the message,
    /// another 5xx may have, 401 and 403 will not until an operator mends the credentials, and anything else is a
    /// rejection.
    #[must_use]
    pub fn refusal(&self, code: Option<String>) -> AttemptError {
        let cause = Box::new(Refusal { status: self.status, code });
        match self.status {
            429 => AttemptError::Throttled { retry_after: self.retry_after() },
            503 => AttemptError::NotAccepted { cause, retry_after: self.retry_after() },
            401 | 403 | 500.. => AttemptError::Failed(cause),
            _ => AttemptError::Rejected(cause),
        }
    }
}
