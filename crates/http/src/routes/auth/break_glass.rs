use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::audit::Actor;
use muster_domain::break_glass::{AccountName, BreakGlassService, Password};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::Api;
use crate::input::Body;
use crate::openapi::schemas;
use crate::origin::origin;
use crate::problem::Problem;
use crate::telemetry;

/// The name and the password of a break-glass account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BreakGlassSignIn)]
pub(super) struct Presented {
    /// Case does not matter.
    #[schema(value_type = schemas::Text64)]
    account: AccountName,
    #[schema(
        value_type = String, format = Password, max_length = 65_536, write_only,
        examples("00000-00000-00000-00000-00000-00000")
    )]
    password: TypedPassword,
}

/// What was typed; nothing when it is longer than any password, which is as wrong as any other.
#[derive(Deserialize)]
#[serde(from = "String")]
struct TypedPassword(Option<Password>);

impl From<String> for TypedPassword {
    fn from(text: String) -> Self {
        Self(Password::typed(text))
    }
}

/// A token for an admin of last resort.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignedIn)]
struct SignedInView<'a> {
    access_token: &'a str,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$", examples("Bearer"))]
    token_type: &'static str,
    /// For how many seconds the token is good.
    #[schema(minimum = 1, examples(1800))]
    expires_in: i64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    expires_at: OffsetDateTime,
}

/// `POST /auth/break-glass`: a token for an admin of last resort, for the name and the password of an account. What breaks
/// rules is no attempt; whatever else goes wrong is one answer.
#[utoipa::path(
    post, path = "/auth/break-glass", tag = "auth", operation_id = "signInBreakGlass",
    summary = "Sign in an admin of last resort",
    description = "For the name and the password of an account that `muster break-glass create` made. Every admin is \
        told.",
    request_body = Presented,
    responses((status = 200, description = "A token", body = SignedInView<'_>)),
    extensions(("x-problems" = json!(["sign-in-refused", "too-many-sign-ins", "busy", "unavailable"])))
)]
pub(super) async fn break_glass(
    api: web::Data<Api>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let Presented { account, password: TypedPassword(password) } = body.json()?;
    let origin = origin(&request, Actor::Anonymous);
    let tokens = &*api.access.access_tokens;
    let signed_in = api.break_glass.sign_in(account.as_str(), password.as_ref(), tokens, &origin).await;
    telemetry::signed_in_by_break_glass(&signed_in);
    let signed_in = signed_in?;
    tracing::warn!(account = account.as_str(), "somebody signed in with a break-glass account");
    Ok(HttpResponse::Ok().json(SignedInView {
        access_token: signed_in.access_token.expose(),
        token_type: "Bearer",
        expires_in: BreakGlassService::SESSION.whole_seconds(),
        expires_at: signed_in.expires_at,
    }))
}
