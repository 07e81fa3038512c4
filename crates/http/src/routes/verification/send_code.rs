use std::sync::Arc;

use actix_web::{rt, web};
use muster_domain::verification::{Masked, Method};
use muster_domain::{ChallengeId, DeviceId, with_causes};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::Instrument;
use utoipa::ToSchema;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::openapi::schemas;
use crate::problem::{Kind, Problem};
use crate::telemetry;

/// Where to send a code.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SendRequest {
    #[schema(value_type = schemas::Channel)]
    method: Method,
    /// Which device, for push alone; the one that registered last when left out.
    #[schema(value_type = Option<schemas::Id>)]
    device_id: Option<DeviceId>,
}

/// A code that was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SentCode)]
pub(super) struct SentView {
    /// The challenge's id.
    #[schema(value_type = schemas::Id)]
    id: ChallengeId,
    #[schema(value_type = schemas::Channel)]
    method: Method,
    /// Where it went, masked.
    #[schema(value_type = String, examples("***0100"))]
    destination: Masked,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    expires_at: OffsetDateTime,
    /// Whether the provider took it. The code counts in any case.
    send_success: bool,
    /// Only in development mode, and only when its outbox captured the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, pattern = "^[0-9]{6}$", examples("042917"))]
    code: Option<String>,
}

/// `POST /api/notifications/verification/send`: sends the caller a code. It goes on when the client hangs up, so that
/// what was opened is sent and recorded.
#[utoipa::path(
    post, path = "/api/notifications/verification/send", tag = "verification", operation_id = "sendCode",
    summary = "Send the caller a code",
    description = "One a minute for each method; a new code kills the old one. 200 also when delivery fails: \
        `sendSuccess` tells.",
    request_body = SendRequest,
    responses((status = 200, description = "The code was sent, or sending was tried", body = SentView)),
    security(("person" = [])),
    extensions(("x-problems" = json!([
        "no-destination", "destination-not-allowed", "channel-off", "too-soon", "destination-quota", "user-quota",
        "installation-quota"
    ])))
)]
pub(super) async fn send_code(api: web::Data<Api>, own: Own, body: Body) -> Result<web::Json<SentView>, Problem> {
    let SendRequest { method, device_id } = body.json()?;
    let verification = Arc::clone(&api.verification);
    let sending = rt::spawn(
        async move {
            let sent = verification.send_code(own.id, method, device_id, &own.origin).await;
            telemetry::challenge_sent(method, &sent);
            sent
        }
        .in_current_span(),
    );
    let sent = sending
        .await
        .map_err(|error| Problem::failure(Kind::Internal, "the code may or may not have been sent", &error))??;
    if let Some(failure) = &sent.failure {
        tracing::warn!(%method, cause = with_causes(failure), "a code was not delivered");
    }
    let code = sent.captured_code.filter(|_| api.development.is_some());
    Ok(web::Json(SentView {
        id: sent.id,
        method: sent.method,
        destination: sent.destination,
        expires_at: sent.expires_at,
        send_success: sent.delivery.is_success(),
        code: code.map(|code| code.expose().to_owned()),
    }))
}
