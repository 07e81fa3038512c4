//! Problem details for HTTP APIs (RFC 9457): the one place that knows what an error looks like to a client.

mod from_domain;
mod kind;

pub use kind::Kind;

use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use muster_domain::{FieldError, with_causes};
use muster_scim::ScimError;
use serde_json::{Map, Value, json};

/// An error on its way to a client. The edge renders it, when the request's id is known.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    kind: Kind,
    detail: String,
    retry_after_seconds: Option<i64>,
    extensions: Map<String, Value>,
    headers: HeaderMap,
    /// The chain of what went wrong, for the log alone.
    cause: Option<String>,
    /// Whether the request's credential could not be judged yet.
    undecided: bool,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            detail: detail.into(),
            retry_after_seconds: None,
            extensions: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
            undecided: false,
        }))
    }

    /// Input that breaks rules, each with its field.
    pub(crate) fn validation(errors: &[FieldError]) -> Self {
        let detail = match errors {
            [only] => format!("{} {}", only.field, only.detail),
            _ => format!("{} fields are wrong; errors names each", errors.len()),
        };
        let errors: Vec<Value> =
            errors.iter().map(|error| json!({ "field": error.field, "detail": error.detail })).collect();
        Self::new(Kind::ValidationFailed, detail).with("errors", errors.into())
    }

    /// One field of the input that breaks a rule.
    pub(crate) fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::validation(&[FieldError::new(field, detail)])
    }

    pub(crate) fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(Kind::Unauthenticated, detail)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// A failure of ours: the client learns that it happened, the log learns why.
    pub(crate) fn failure(kind: Kind, detail: &str, cause: &(dyn Error + 'static)) -> Self {
        let mut problem = Self::new(kind, detail);
        problem.0.cause = Some(with_causes(cause));
        problem
    }

    /// Adds a member of the problem's own.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.extensions.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// When to try again, rounded up to whole seconds, at least one.
    pub(crate) fn retry_after(mut self, wait: time::Duration) -> Self {
        let seconds = wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0);
        self.0.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// That the credential could not be judged yet. It counts like one that is refused: made-up key ids must not get
    /// around the limit by address.
    pub(crate) fn with_undecided_credential(mut self) -> Self {
        self.0.undecided = true;
        self
    }

    pub(crate) fn is_undecided(&self) -> bool {
        self.0.undecided
    }

    /// What the log should say, once.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The answer as the client gets it; `instance` is the request's id.
    pub(crate) fn render(&self, instance: &str) -> HttpResponse {
        let mut body = json!({
            "type": self.0.kind.uri(),
            "title": self.0.kind.title(),
            "status": self.0.kind.status().as_u16(),
            "detail": self.0.detail,
            "instance": instance,
        });
        if let Value::Object(members) = &mut body {
            members.extend(self.0.extensions.clone());
        }
        self.respond("application/problem+json", &body)
    }

    /// The same for a client that speaks SCIM (RFC 7644, section 3.12).
    pub(crate) fn render_for_scim(&self) -> HttpResponse {
        let error = ScimError {
            status: self.0.kind.status().as_u16(),
            scim_type: None,
            detail: self.0.detail.clone(),
            retry_after_seconds: None,
            source: None,
        };
        self.respond("application/scim+json", &error.to_json())
    }

    fn respond(&self, content_type: &str, body: &Value) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.kind.status());
        response.content_type(content_type);
        if matches!(self.0.kind, Kind::Overloaded | Kind::TooManyRequests) {
            // Who is to go away keeps no connection either.
            response.force_close();
        }
        if self.0.kind.status() == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2; a header of the problem's own says more.
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.body(body.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.title())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// Hands the problem on to the edge, which knows the request's id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.0.kind.status());
        response.extensions_mut().insert(self.clone());
        response
    }
}
