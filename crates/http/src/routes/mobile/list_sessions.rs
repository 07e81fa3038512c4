use actix_web::web;
use muster_domain::SessionId;
use muster_domain::session::Session;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::Api;
use crate::authentication::Own;
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::ListView;

/// A phone session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(super) struct SessionView {
    #[schema(value_type = schemas::Id)]
    id: SessionId,
    /// What the phone is called.
    #[schema(required = true, examples("Grace's phone"))]
    device_name: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    last_used_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    expires_at: OffsetDateTime,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            device_name: session.device_name,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// `GET /api/mobile/tokens`: the caller's live sessions, the one that was used last first.
#[utoipa::path(
    get, path = "/api/mobile/tokens", tag = "mobile", operation_id = "listSessions",
    summary = "The caller's live sessions, the one that was used last first",
    description = "One row for each phone that is signed in.",
    responses((status = 200, description = "All of them", body = ListView<SessionView>)),
    security(("person" = []))
)]
pub(super) async fn list_sessions(api: web::Data<Api>, own: Own) -> Result<web::Json<ListView<SessionView>>, Problem> {
    let sessions = api.sessions.list(own.id).await?;
    Ok(web::Json(ListView { items: sessions.into_iter().map(SessionView::from).collect() }))
}
