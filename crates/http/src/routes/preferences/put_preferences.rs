use actix_web::http::header::{Header, IfMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::preferences::{Precondition, Preferences};

use super::answer;
use crate::api::Api;
use crate::authentication::Own;
use crate::input::Json;
use crate::problem::{Kind, Problem};

/// `PUT /api/notifications/preferences`: replaces the whole document; `If-Match` is honoured.
pub(super) async fn put_preferences(
    api: web::Data<Api>,
    own: Own,
    request: HttpRequest,
    body: Json<Preferences>,
) -> Result<HttpResponse, Problem> {
    let precondition = precondition(&request)?;
    Ok(answer(&api.preferences.replace(own.id, body.0, &precondition, &own.origin).await?))
}

/// A weak tag or one that we never gave matches nothing: `If-Match` compares strongly (RFC 9110, section 13.1.1).
fn precondition(request: &HttpRequest) -> Result<Precondition, Problem> {
    if !request.headers().contains_key(IfMatch::name()) {
        return Ok(Precondition::None);
    }
    let header = IfMatch::parse(request)
        .map_err(|_| Problem::new(Kind::MalformedRequest, "If-Match must be * or a list of entity tags"))?;
    Ok(match header {
        IfMatch::Any => Precondition::None,
        IfMatch::Items(tags) => {
            Precondition::AnyOf(tags.iter().filter(|tag| !tag.weak).filter_map(|tag| tag.tag().parse().ok()).collect())
        }
    })
}
