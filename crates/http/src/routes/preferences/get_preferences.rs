use actix_web::http::StatusCode;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use crate::api::Api;
use crate::authentication::Own;
use crate::openapi::schemas;
use crate::problem::Problem;

/// `GET /api/notifications/preferences`: what the caller chose, or the defaults; 304 when `If-None-Match` has it.
#[utoipa::path(
    get, path = "/api/notifications/preferences", tag = "preferences", operation_id = "getPreferences",
    summary = "What the caller chose, or the defaults",
    description = "The defaults are push first, then text and e-mail for what is urgent, and no quiet hours.",
    params(
        ("If-None-Match" = inline(Option<schemas::EntityTags>), Header,
            description = "Tags that the client has already, or `*`", example = "\"1\"")
    ),
    responses(
        (
            status = 200, description = "The document", body = schemas::Preferences,
            headers(("ETag" = String, description = "The document's version"))
        ),
        (
            status = 304, description = "The client has it already",
            headers(("ETag" = String, description = "The document's version"))
        )
    ),
    security(("person" = []))
)]
pub(super) async fn get_preferences(
    api: web::Data<Api>,
    own: Own,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let stored = api.preferences.load(own.id).await?;
    let mut answer = answer(&stored);
    if request.headers().contains_key(IfNoneMatch::name()) && is_known(&request, stored.version) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(answer.drop_body().map_into_boxed_body());
    }
    Ok(answer)
}

fn is_known(request: &HttpRequest, version: i64) -> bool {
    let current = EntityTag::new_strong(version.to_string());
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&current)),
        Err(_) => false,
    }
}
