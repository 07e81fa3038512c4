use std::sync::Arc;

use actix_web::{rt, web};
use muster_domain::verification::{Masked, Method};
use muster_domain::{ChallengeId, DeviceId, with_causes};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::Instrument;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::problem::{Kind, Problem};
use crate::telemetry;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SendRequest {
    method: Method,
    device_id: Option<DeviceId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SentView {
    id: ChallengeId,
    method: Method,
    destination: Masked,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    send_success: bool,
    /// Only in development mode, and only when its outbox captured the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// `POST /api/notifications/verification/send`: sends the caller a code. It goes on when the client hangs up, so that
/// what was opened is sent and recorded.
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
