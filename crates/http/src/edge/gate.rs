//! Who is let through to the routes.

use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use muster_domain::audit::is_public;

use super::{Edge, client_address};
use crate::problem::{Kind, Problem};
use crate::telemetry;

/// Routes for those who watch over the server: they must see it while nobody else is served.
pub(crate) const NEVER_REFUSED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Routes that look at no `Authorization`, whatever it says.
const WITHOUT_CREDENTIAL: [&str; 9] = [
    "/api/configuration",
    "/api/mobile/refresh",
    "/auth/break-glass",
    "/dev/login",
    "/dev/outbox",
    "/.well-known/jwks.json",
    "/openapi.json",
    "/docs",
    "/docs/{file}",
];

/// Sheds requests when too many are worked on, and limits those of one address that show no good credential.
///
/// # Errors
/// None of its own.
pub(crate) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let edge = request.app_data::<web::Data<Edge>>().cloned();
    let Some(edge) = edge.filter(|_| !NEVER_REFUSED.contains(&request.path())) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    // Only public addresses are limited: behind a proxy whose word is not taken everybody has the proxy's.
    let limited = edge.limits.as_ref().zip(client_address(request.request()).filter(|ip| is_public(*ip)));
    let anonymous = is_anonymous(&request);
    let admitted = match limited {
        Some((limits, client)) if anonymous => limits.count(client).map_err(too_many),
        Some((limits, client)) => limits.shut_out(client).map_or(Ok(()), |wait| Err(too_many(wait))),
        None => Ok(()),
    };
    match admitted.and_then(|()| edge.load.place()) {
        Ok(place) => request.extensions_mut().insert(Rc::new(place)),
        Err(problem) => return Ok(request.error_response(problem)),
    };
    let response = next.call(request).await?.map_into_boxed_body();
    let undecided = response.response().extensions().get::<Problem>().is_some_and(Problem::is_undecided);
    let no_good = response.status() == StatusCode::UNAUTHORIZED || undecided;
    if let Some((limits, client)) = limited.filter(|_| !anonymous && no_good) {
        limits.count_refused(client);
    }
    Ok(response)
}

/// Whether a request shows no credential that anybody looks at.
fn is_anonymous(request: &ServiceRequest) -> bool {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return true;
    }
    let route = telemetry::template(request);
    let route = route.as_deref().unwrap_or_default();
    let signs_out = route == "/api/mobile/token" && request.method() == Method::DELETE;
    signs_out || WITHOUT_CREDENTIAL.contains(&route)
}

fn too_many(wait: Duration) -> Problem {
    metrics::counter!("muster_http_requests_limited_total").increment(1);
    let wait = time::Duration::try_from(wait).unwrap_or(time::Duration::MINUTE);
    let detail = "too many requests without a good credential came from this address; wait, then try again";
    Problem::new(Kind::TooManyRequests, detail).retry_after(wait)
}
