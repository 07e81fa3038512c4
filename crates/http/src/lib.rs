//! The HTTP API over actix-web: routes, who is calling, and problem details (RFC 9457) for whatever goes wrong.
//!
//! [`server`] runs it; [`configure`] and [`edge()`] mount it in an app of one's own, as the tests do.

mod api;
mod authentication;
mod cursor;
mod edge;
mod input;
mod origin;
mod problem;
mod routes;
mod settings;
mod telemetry;
mod views;

pub use api::{Api, BoxFuture, Development, Outbox, OutboxMessage, ProviderView, Vitals};
pub use edge::edge;
pub use problem::Kind;
pub use routes::{AuditEventView, configure, table};
pub use settings::EdgeSettings;
pub use telemetry::{Observe, RequestSpan};

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tracing_actix_web::TracingLogger;

/// How long a stopping server waits for requests that are under way, in seconds.
const SHUTDOWN_SECONDS: u64 = 30;
/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the API on `listener` until the process is told to stop (SIGTERM), then lets what is under way end; SIGINT ends
/// it at once.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(api: web::Data<Api>, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let app = move || {
        App::new()
            .configure(|config| configure(config, &api))
            .wrap(from_fn(edge))
            .wrap(Observe)
            .wrap(TracingLogger::<RequestSpan>::new())
    };
    Ok(HttpServer::new(app)
        .workers(workers)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .listen(listener)?
        .run())
}
