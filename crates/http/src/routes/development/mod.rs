//! Development mode only: signing in without an identity provider, and reading what would have been sent.

mod login;
mod outbox;

use std::net::IpAddr;

use actix_web::guard::{Guard, GuardContext};
use actix_web::http::uri::Authority;
use actix_web::http::{Method, header};
use actix_web::web;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(login::login, outbox::outbox))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/dev/login", [(Method::POST, web::to(login::login))]).on_this_machine(),
        endpoint("/dev/outbox", [(Method::GET, web::to(outbox::outbox))]).on_this_machine(),
    ]
}

/// Lets only requests through that name this machine. A page on the web can make a browser connect here under the
/// page's own name (DNS rebinding), and would else read the outbox.
pub(super) struct LoopbackHost;

impl Guard for LoopbackHost {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        let host = context.head().headers().get(header::HOST).and_then(|value| value.to_str().ok());
        let authority = host.or_else(|| context.head().uri.authority().map(Authority::as_str));
        let Some(authority) = authority else { return false };
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => authority,
        };
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
    }
}
