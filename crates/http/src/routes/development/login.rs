use actix_web::{HttpResponse, web};
use muster_domain::Text;
use muster_domain::access::{AccessClaims, Audience};
use serde::{Deserialize, Serialize};
use time::Duration;
use utoipa::ToSchema;

use crate::api::Api;
use crate::authentication::refused;
use crate::input::Body;
use crate::openapi::schemas;
use crate::problem::{Kind, Problem};

/// How long a development sign-in lasts: a working day.
const LIFETIME: Duration = Duration::hours(8);

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    /// The e-mail address or the user name.
    #[schema(value_type = schemas::Text255)]
    email: Text<255>,
}

/// A token for trying things out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DevelopmentToken)]
struct LoginView<'a> {
    access_token: &'a str,
}

/// `POST /dev/login`: an access token for anyone on record, by e-mail address or user name, without any proof.
#[utoipa::path(
    post, path = "/dev/login", tag = "development", operation_id = "developmentLogin",
    summary = "An access token for anyone on record",
    description = "By e-mail address or user name, without any proof. Through a name of this machine alone: any \
        other `Host` gets 404.",
    request_body = LoginRequest,
    responses((status = 200, description = "A token, good for 8 hours", body = LoginView<'_>)),
    extensions(("x-problems" = json!(["unauthenticated", "not-found", "unavailable"])))
)]
pub(super) async fn login(api: web::Data<Api>, body: Body) -> Result<HttpResponse, Problem> {
    let LoginRequest { email } = body.json()?;
    let account = api.users.users.find_login(email.as_str()).await?;
    let account = account.ok_or_else(|| {
        Problem::new(Kind::NotFound, "nobody on record has this e-mail address; the demo has ada@example.com")
    })?;
    if !account.active {
        return Err(refused());
    }
    let now = api.clock.now();
    let token = api.access.access_tokens.sign(&AccessClaims {
        user_id: account.id,
        session_id: None,
        audience: Audience::Development,
        issued_at: now,
        expires_at: now + LIFETIME,
    })?;
    Ok(HttpResponse::Ok().json(LoginView { access_token: token.expose() }))
}
