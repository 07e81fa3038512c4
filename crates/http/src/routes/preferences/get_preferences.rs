use actix_web::{HttpResponse, web};

use super::answer;
use crate::api::Api;
use crate::authentication::Own;
use crate::problem::Problem;

/// `GET /api/notifications/preferences`: what the caller chose, or the defaults.
pub(super) async fn get_preferences(api: web::Data<Api>, own: Own) -> Result<HttpResponse, Problem> {
    Ok(answer(&api.preferences.load(own.id).await?))
}
