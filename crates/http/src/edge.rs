//! What stands between the network and the routes.

mod address;
pub(crate) mod connection;
mod cors;
mod gate;
mod headers;
mod limits;
mod load;

pub(crate) use address::client_address;
pub(crate) use cors::cors;
pub(crate) use gate::{NEVER_REFUSED, gate};
pub(crate) use load::Place;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use futures_util::FutureExt;
use tracing_actix_web::RequestId;

use self::limits::Limits;
use self::load::Load;
use crate::problem::{Kind, Problem};
use crate::settings::EdgeSettings;

/// Where the directory's clients call, who speak SCIM.
pub(crate) const SCIM: &str = "/scim/v2";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Marks an error answer that has its body already.
pub(crate) struct Complete;

/// Marks a request whose body was read to its end.
pub(crate) struct BodyRead;

/// What the workers of a process share before any route: settings, limits by address, and how much is worked on.
pub struct Edge {
    pub(crate) settings: EdgeSettings,
    limits: Option<Limits>,
    load: Arc<Load>,
}

impl Edge {
    /// With nothing counted yet.
    #[must_use]
    pub fn new(settings: EdgeSettings) -> Self {
        let limits = settings.anonymous_per_minute.map(Limits::new);
        let load = Load::new(settings.max_requests);
        Self { settings, limits, load }
    }
}

/// What every answer passes last: it gets its request id and what browsers are to know, personal data is kept out of
/// caches, and whatever went wrong, in our code or in the framework, becomes a problem.
///
/// # Errors
/// When a handler panicked: an error that is answered with its problem.
pub(crate) async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, Error> {
    let id = request_id(request.request());
    let busy = connection::busy(request.request());
    let speaks_scim = request.path().starts_with(SCIM);
    let chunked = request.version() <= Version::HTTP_11 && request.headers().contains_key(header::TRANSFER_ENCODING);
    let over_tls = request.app_data::<web::Data<Edge>>().is_some_and(|edge| edge.settings.over_tls);
    let Ok(response) = AssertUnwindSafe(next.call(request)).catch_unwind().await else {
        // What panicked is in the log already, by the panic hook.
        let problem = Problem::new(Kind::Internal, "this is a fault of the server; try again");
        let mut rendered = if speaks_scim { problem.render_for_scim() } else { problem.render(&id) };
        finish(rendered.headers_mut(), &id, over_tls);
        return Err(InternalError::from_response("a handler panicked", rendered).into());
    };
    let mut response = response?.map_into_boxed_body();
    let place = response.request().extensions_mut().remove::<Rc<Place>>();
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    let complete = response.response().extensions().contains::<Complete>();
    let bare_error = !complete && (response.status().is_client_error() || response.status().is_server_error());
    if let Some(problem) = problem.or_else(|| bare_error.then(|| framework_problem(&response))) {
        if let Some(cause) = problem.cause() {
            tracing::error!(problem = problem.kind().slug(), cause, "request failed");
        }
        let mut rendered = if speaks_scim { problem.render_for_scim() } else { problem.render(&id) };
        for name in KEPT {
            for value in response.headers().get_all(&name) {
                rendered.headers_mut().append(name.clone(), value.clone());
            }
        }
        response = response.into_response(rendered.map_into_boxed_body());
    }
    finish(response.headers_mut(), &id, over_tls);
    if chunked && !response.request().extensions().contains::<BodyRead>() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        if let Some(busy) = &busy {
            busy.end_connection();
        }
    }
    Ok(response.map_body(|_, body| Held { body, under_way: (place, busy) }))
}

/// What an error answer's headers say beside its body.
const KEPT: [HeaderName; 4] =
    [header::ALLOW, header::VARY, header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ACCESS_CONTROL_EXPOSE_HEADERS];

fn finish(headers: &mut header::HeaderMap, id: &str, over_tls: bool) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers::secure(headers, over_tls);
}

/// The problem for an error answer that the framework gave without one.
fn framework_problem(response: &ServiceResponse<BoxBody>) -> Problem {
    let kind = Kind::of_status(response.status());
    let is_preflight = response.request().method() == Method::OPTIONS && response.status() == StatusCode::BAD_REQUEST;
    let detail = match kind {
        Kind::NotFound => "no resource has this path",
        Kind::MethodNotAllowed => "the Allow header names the methods that the resource takes",
        _ if is_preflight => "pages of this origin may not call, or not with this method or these headers",
        _ => kind.title(),
    };
    Problem::new(kind, detail)
}

/// The request's id, which logs, problems and audit records share: the client's own when it has one that is well-formed,
/// else a UUIDv7.
pub(crate) fn request_id(request: &HttpRequest) -> String {
    let given = request.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    if let Some(id) = given.filter(|id| is_well_formed(id)) {
        return id.to_owned();
    }
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}

fn is_well_formed(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// An answer's body, until whose end its request counts as worked on.
pub(crate) struct Held {
    body: BoxBody,
    under_way: (Option<Rc<Place>>, Option<connection::Busy>),
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }

    fn try_into_bytes(self) -> Result<web::Bytes, Self> {
        let Self { body, under_way } = self;
        body.try_into_bytes().map_err(|body| Self { body, under_way })
    }
}
