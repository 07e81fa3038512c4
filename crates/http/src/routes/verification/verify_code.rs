use actix_web::web;
use muster_domain::verification::{Code, Method};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::telemetry;

/// A code that arrived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    #[schema(value_type = schemas::Channel)]
    method: Method,
    #[schema(value_type = String, pattern = "^[ -]*([0-9][ -]*){6}$", examples("042917", "042 917"))]
    code: Code,
}

/// A contact that is proven now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VerifiedContact)]
pub(super) struct VerifiedView {
    #[schema(value_type = schemas::Channel)]
    method: Method,
    /// Always true.
    verified: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    verified_at: OffsetDateTime,
    can_be_on_call: bool,
}

/// `POST /api/notifications/verification/verify`: proves one of the caller's contacts with the code that went there.
#[utoipa::path(
    post, path = "/api/notifications/verification/verify", tag = "verification", operation_id = "verifyCode",
    summary = "Prove one of the caller's contacts with the code that went there",
    description = "A code takes five attempts. One that is wrong, expired, used or was never sent is one and the \
        same problem.",
    request_body = VerifyRequest,
    responses((status = 200, description = "The contact is proven", body = VerifiedView)),
    security(("person" = [])),
    extensions(("x-problems" = json!(["invalid-or-expired-code", "too-many-attempts"])))
)]
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
