use actix_web::{HttpResponse, web};
use muster_domain::device::DeviceName;
use muster_domain::session::SessionService;
use muster_domain::{DeviceId, SessionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::problem::Problem;
use crate::telemetry;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IssueRequest {
    device_name: Option<DeviceName>,
    device_id: Option<DeviceId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IssuedView<'a> {
    id: SessionId,
    refresh_token: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
}

/// `POST /api/mobile/token`: opens a session for the caller's phone. The refresh token is shown this once.
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
