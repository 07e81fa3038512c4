use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::audit::Actor;
use muster_domain::session::SessionService;
use serde::Serialize;
use time::OffsetDateTime;

use super::Presented;
use crate::api::Api;
use crate::input::Body;
use crate::origin::origin;
use crate::problem::Problem;
use crate::telemetry;
use crate::views::ProfileView;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefreshedView<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    refresh_token_expires_at: OffsetDateTime,
    user: ProfileView,
}

/// `POST /api/mobile/refresh`: a new access token and the refresh token's successor, for the refresh token alone.
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
