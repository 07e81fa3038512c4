//! What goes wrong, as RFC 9457 has it.

use std::fmt::{self, Display};
use std::io::{self, Write};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::clock;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: &'static str,
}

impl Problem {
    pub(crate) const UNAUTHENTICATED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        kind: "unauthenticated",
        title: "A valid credential is needed",
        detail: "the credential is invalid or has expired, or its account is not active",
    };
    pub(crate) const FORBIDDEN: Self = Self {
        status: StatusCode::FORBIDDEN,
        kind: "forbidden",
        title: "The caller may not do that",
        detail: "the caller's role or scopes do not allow this",
    };
    pub(crate) const REFUSED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        kind: "invalid-refresh-token",
        title: "The refresh token is not valid",
        detail: "sign in again to get a new one",
    };
    pub(crate) const INVALID: Self = Self {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        kind: "validation-failed",
        title: "The request breaks a rule",
        detail: "the body is not what this route takes",
    };

    /// Whatever else: told to the operator and not to the client.
    pub(crate) fn internal(error: &dyn Display) -> Self {
        let _ = writeln!(io::stderr(), "bench-by-hand: {error}");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "internal",
            title: "Something went wrong",
            detail: "the operator's log tells what",
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = json!({
            "type": format!("urn:muster:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": clock::new_id(clock::now()).map_or_else(|_| String::new(), |id| id.to_string()),
        });
        HttpResponse::build(self.status).content_type("application/problem+json").body(body.to_string())
    }
}

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(&error)
    }
}
