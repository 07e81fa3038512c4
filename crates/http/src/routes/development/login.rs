use actix_web::{HttpResponse, web};
use muster_domain::Text;
use muster_domain::access::{AccessClaims, Audience};
use serde::Deserialize;
use serde_json::json;
use time::Duration;

use crate::api::Api;
use crate::authentication::refused;
use crate::input::Body;
use crate::problem::{Kind, Problem};

/// How long a development sign-in lasts: a working day.
const LIFETIME: Duration = Duration::hours(8);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    email: Text<255>,
}

/// `POST /dev/login`: an access token for anyone on record, by e-mail address or user name, without any proof.
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
    Ok(HttpResponse::Ok().json(json!({ "accessToken": token.expose() })))
}
