//! Which pages of other origins may call from a browser (the Fetch standard's CORS protocol).

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};

/// For how long a browser may go by what it was told of a route, in seconds.
const MAX_AGE: usize = 3600;

/// Whether a page was loaded from this machine.
fn is_loopback(origin: &HeaderValue) -> bool {
    let Some((scheme, host)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    ["http", "https"].contains(&scheme) && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

/// Lets pages of these origins, and with `loopback` those of this machine, call with what the API takes, and read what it
/// says. A page shows its credential itself; browsers send none of theirs, for there are no cookies.
pub(crate) fn cors(origins: &[String], loopback: bool) -> Cors {
    let mut cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    if loopback {
        cors = cors.allowed_origin_fn(|origin, _| is_loopback(origin));
    }
    cors.allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([header::ETAG, header::LINK, header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(MAX_AGE)
}
