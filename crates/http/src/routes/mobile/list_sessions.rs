use actix_web::web;
use muster_domain::SessionId;
use muster_domain::session::Session;
use serde::Serialize;
use time::OffsetDateTime;

use crate::api::Api;
use crate::authentication::Own;
use crate::problem::Problem;
use crate::views::ListView;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionView {
    id: SessionId,
    device_name: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
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
pub(super) async fn list_sessions(api: web::Data<Api>, own: Own) -> Result<web::Json<ListView<SessionView>>, Problem> {
    let sessions = api.sessions.list(own.id).await?;
    Ok(web::Json(ListView { items: sessions.into_iter().map(SessionView::from).collect() }))
}
