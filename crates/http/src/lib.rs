//! The HTTP API over actix-web: routes, who is calling, and problem details (RFC 9457) for whatever goes wrong.

mod api;

pub use api::{Api, Development, Outbox, OutboxMessage};

use actix_web::web;

/// Mounts every route of the API. Wrap the app in [`middleware`] too.
pub fn configure(_config: &mut web::ServiceConfig, _api: &web::Data<Api>) {}
