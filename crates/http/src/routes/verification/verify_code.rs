use actix_web::web;
use muster_domain::verification::{Code, Method};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::problem::Problem;
use crate::telemetry;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    method: Method,
    code: Code,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifiedView {
    method: Method,
    verified: bool,
    #[serde(with = "time::serde::rfc3339")]
    verified_at: OffsetDateTime,
    can_be_on_call: bool,
}

/// `POST /api/notifications/verification/verify`: proves one of the caller's contacts with the code that went there.
pub(super) async fn verify_code(api: web::Data<Api>, own: Own, body: Body) -> Result<web::Json<VerifiedView>, Problem> {
    let VerifyRequest { method, code } = body.json()?;
    let verified = api.verification.verify_code(own.id, method, &code, &own.origin).await;
    telemetry::challenge_answered(method, &verified);
    let verified = verified?;
    Ok(web::Json(VerifiedView {
        method: verified.method,
        verified: true,
        verified_at: verified.at,
        can_be_on_call: verified.status.can_be_on_call(),
    }))
}
