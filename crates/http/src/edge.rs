use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use tracing_actix_web::RequestId;

use crate::problem::{Kind, Problem};

/// Where the directory's clients call, who speak SCIM.
pub(crate) const SCIM: &str = "/scim/v2";

/// Marks an error answer that has its body already.
pub(crate) struct Complete;

/// What every answer passes last: it gets its request id, personal data is kept out of caches, and whatever went wrong,
/// in our code or in the framework, becomes a problem.
///
/// # Errors
/// When a handler panicked: an error that is answered with its problem.
pub async fn edge(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse, Error> {
    let id = request_id(request.request());
    let Ok(response) = AssertUnwindSafe(next.call(request)).catch_unwind().await else {
        // What panicked is in the log already, by the panic hook.
        let problem = Problem::new(Kind::Internal, "this is a fault of the server; try again");
        return Err(InternalError::from_response("a handler panicked", problem.render(&id)).into());
    };
    let mut response = response?.map_into_boxed_body();
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    let complete = response.response().extensions().contains::<Complete>();
    let bare_error = !complete && (response.status().is_client_error() || response.status().is_server_error());
    if let Some(problem) = problem.or_else(|| bare_error.then(|| framework_problem(&response))) {
        if let Some(cause) = problem.cause() {
            tracing::error!(problem = problem.kind().slug(), cause, "request failed");
        }
        let allow = response.headers().get(header::ALLOW).cloned();
        let speaks_scim = response.request().path().starts_with(SCIM);
        let rendered = if speaks_scim { problem.render_for_scim() } else { problem.render(&id) };
        response = response.into_response(rendered.map_into_boxed_body());
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// The problem for an error answer that the framework gave without one.
fn framework_problem(response: &ServiceResponse<BoxBody>) -> Problem {
    let kind = Kind::of_status(response.status());
    let detail = match kind {
        Kind::NotFound => "no resource has this path",
        Kind::MethodNotAllowed => "the Allow header names the methods that the resource takes",
        _ => kind.title(),
    };
    Problem::new(kind, detail)
}

/// The request's id: a UUIDv7 that logs, problems and audit records share.
pub(crate) fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}
