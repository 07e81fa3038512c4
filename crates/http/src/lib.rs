//! The HTTP API over actix-web: routes, who is calling, and problem details (RFC 9457) for whatever goes wrong.
//!
//! [`server`] runs it; [`app`] is what it serves, for a server of one's own, as the tests have it.

mod api;
mod authentication;
mod cursor;
mod edge;
mod input;
mod openapi;
mod origin;
mod problem;
mod routes;
mod settings;
mod telemetry;
mod views;

pub use api::{Api, BoxFuture, Development, FrontEnd, Outbox, OutboxMessage, ProviderView, Vitals};
pub use edge::Edge;
pub use openapi::openapi;
pub use problem::Kind;
pub use routes::{AuditEventView, configure, table};
pub use settings::EdgeSettings;
pub use telemetry::{Observe, RequestSpan};

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, Error, HttpServer, web};
use tracing_actix_web::TracingLogger;

/// How long a stopping server waits for requests that are under way, in seconds.
const SHUTDOWN_SECONDS: u64 = 30;
/// How long a client may take to send a request's head, and for a TLS handshake before it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection is kept for the next request: longer than load balancers keep theirs, a minute at the most, so
/// that none sends a request into a connection that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The API as an app, with everything that stands before its routes. Development mode's routes exist only when `api` has
/// what they need.
pub fn app(
    api: &web::Data<Api>,
    edge: &web::Data<Edge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let (origins, loopback) = (&edge.settings.cors_origins, edge.settings.cors_loopback);
    App::new()
        .app_data(edge.clone())
        .configure(|config| configure(config, api))
        .wrap(from_fn(edge::gate))
        .wrap(Condition::new(loopback || !origins.is_empty(), edge::cors(origins, loopback)))
        .wrap(from_fn(edge::edge))
        .wrap(Observe)
        .wrap(TracingLogger::<RequestSpan>::new())
}

/// Serves the API on `listener`, over TLS when that is given, until the process is told to stop (SIGTERM), then lets what
/// is under way end; SIGINT ends it at once.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(
    api: web::Data<Api>,
    settings: EdgeSettings,
    tls: Option<rustls::ServerConfig>,
    listener: TcpListener,
    workers: usize,
) -> std::io::Result<Server> {
    let connections = (settings.max_connections / workers.max(1)).max(1);
    let edge = web::Data::new(Edge::new(settings));
    let server = HttpServer::new(move || app(&api, &edge))
        .workers(workers)
        .max_connections(connections)
        // Handshakes are connections already: what bounds those is enough.
        .max_connection_rate(connections)
        .tls_handshake_timeout(HEAD_TIMEOUT)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .on_connect(|io, data| edge::connection::watch(io, data, KEEP_ALIVE + HEAD_TIMEOUT));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}
