use actix_web::{HttpResponse, web};
use muster_domain::device::DeviceName;
use muster_domain::session::SessionService;
use muster_domain::{DeviceId, SessionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::telemetry;

/// The phone that the session is for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SessionRequest)]
pub(super) struct IssueRequest {
    /// What its owner calls it.
    #[schema(value_type = Option<schemas::Text100>)]
    device_name: Option<DeviceName>,
    /// One of the caller's devices.
    #[schema(value_type = Option<schemas::Id>)]
    device_id: Option<DeviceId>,
}

/// A session that was opened, with its tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IssuedSession)]
struct IssuedView<'a> {
    /// The session's id.
    #[schema(value_type = schemas::Id)]
    id: SessionId,
    /// Shown this once.
    #[schema(pattern = "^mst_rt_[0-9A-Za-z]{50}$")]
    refresh_token: &'a str,
    /// When the session ends, however often it is refreshed.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    expires_at: OffsetDateTime,
    access_token: &'a str,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$", examples("Bearer"))]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 1, examples(900))]
    expires_in: i64,
}

/// `POST /api/mobile/token`: opens a session for the caller's phone. The refresh token is shown this once.
#[utoipa::path(
    post, path = "/api/mobile/token", tag = "mobile", operation_id = "issueSession",
    summary = "Open a session for the caller's phone",
    description = "The refresh token lasts 90 days and is shown this once. The body may be left out. Of more than 50 live \
        sessions the one that was used longest ago ends.",
    request_body = Option<IssueRequest>,
    responses((status = 201, description = "The session and its tokens", body = IssuedView<'_>)),
    security(("person" = []))
)]
pub(super) async fn issue_session(api: web::Data<Api>, own: Own, body: Body) -> Result<HttpResponse, Problem> {
    let IssueRequest { device_name, device_id } = body.json_or_default()?;
    let issued = api.sessions.issue(own.id, own.session_id, device_name, device_id, &own.origin).await?;
    telemetry::session_issued();
    Ok(HttpResponse::Created().json(IssuedView {
        id: issued.id,
        refresh_token: &issued.refresh_token.expose(),
        expires_at: issued.expires_at,
        access_token: issued.access_token.expose(),
        token_type: "Bearer",
        expires_in: SessionService::ACCESS_LIFETIME.whole_seconds(),
    }))
}
