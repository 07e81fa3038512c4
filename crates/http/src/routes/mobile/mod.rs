//! Phone sessions.

mod issue_session;
mod list_sessions;
mod refresh_session;
mod revoke_session;
mod sign_out;

use actix_web::http::Method;
use actix_web::web;
use muster_domain::session::RefreshToken;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(
    issue_session::issue_session,
    sign_out::sign_out,
    refresh_session::refresh_session,
    list_sessions::list_sessions,
    revoke_session::revoke_session
))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            "/api/mobile/token",
            [(Method::POST, web::to(issue_session::issue_session)), (Method::DELETE, web::to(sign_out::sign_out))],
        ),
        endpoint("/api/mobile/refresh", [(Method::POST, web::to(refresh_session::refresh_session))]),
        endpoint("/api/mobile/tokens", [(Method::GET, web::to(list_sessions::list_sessions))]),
        endpoint("/api/mobile/tokens/{id}", [(Method::DELETE, web::to(revoke_session::revoke_session))]),
    ]
}

/// A body that holds a refresh token, which is itself the credential. A mistyped one is refused by its checksum,
/// without asking the store.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PresentedToken, description = "A refresh token, which is itself the credential.")]
struct Presented {
    #[schema(
        value_type = String, min_length = 57, max_length = 57, pattern = "^mst_rt_[0-9A-Za-z]{50}$", write_only,
        examples("mst_rt_00000000000000000000000000000000000000000000000000")
    )]
    refresh_token: RefreshToken,
}
