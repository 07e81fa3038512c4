use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::audit::Actor;
use muster_domain::session::SessionService;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Presented;
use crate::api::Api;
use crate::input::Body;
use crate::openapi::schemas;
use crate::origin::origin;
use crate::problem::Problem;
use crate::telemetry;
use crate::views::ProfileView;

/// A session that goes on, with its new tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefreshedSession)]
struct RefreshedView<'a> {
    access_token: &'a str,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$", examples("Bearer"))]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 1, examples(900))]
    expires_in: i64,
    /// The successor. The old token works until this one is first used.
    #[schema(pattern = "^mst_rt_[0-9A-Za-z]{50}$")]
    refresh_token: &'a str,
    /// When the session ends, however often it is refreshed.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    refresh_token_expires_at: OffsetDateTime,
    user: ProfileView,
}

/// `POST /api/mobile/refresh`: a new access token and the refresh token's successor, for the refresh token alone.
#[utoipa::path(
    post, path = "/api/mobile/refresh", tag = "mobile", operation_id = "refreshSession",
    summary = "A new access token and the refresh token's successor",
    description = "For the refresh token alone; no other credential is looked at. The same token always gets the \
        same successor, so a lost answer can be asked for again. A token whose successor is in use is a replay: the \
        session ends.",
    request_body = Presented,
    responses((status = 200, description = "The new tokens, and whose they are", body = RefreshedView<'_>)),
    extensions(("x-problems" = json!(["invalid-refresh-token", "unavailable"])))
)]
pub(super) async fn refresh_session(
    api: web::Data<Api>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let Presented { refresh_token } = body.json()?;
    let origin = origin(&request, Actor::Anonymous);
    let refreshed = api.sessions.refresh(&refresh_token, &origin).await;
    telemetry::session_refreshed(&refreshed);
    let refreshed = refreshed?;
    telemetry::person(refreshed.profile.user.id);
    Ok(HttpResponse::Ok().json(RefreshedView {
        access_token: refreshed.access_token.expose(),
        token_type: "Bearer",
        expires_in: SessionService::ACCESS_LIFETIME.whole_seconds(),
        refresh_token: &refreshed.refresh_token.expose(),
        refresh_token_expires_at: refreshed.expires_at,
        user: ProfileView::new(refreshed.profile, api.channels, api.clock.now()),
    }))
}
