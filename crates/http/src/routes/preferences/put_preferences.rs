use actix_web::http::header::{EntityTag, Header, IfMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::preferences::{Precondition, Preferences};

use super::answer;
use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::openapi::schemas;
use crate::problem::{Kind, Problem};

/// `PUT /api/notifications/preferences`: replaces the whole document; `If-Match` is honoured.
#[utoipa::path(
    put, path = "/api/notifications/preferences", tag = "preferences", operation_id = "putPreferences",
    summary = "Replace the caller's preferences",
    description = "The whole document. Critical alerts cannot be silenced.",
    params(
        ("If-Match" = inline(Option<schemas::EntityTags>), Header,
            description = "The tags of the versions that may be replaced, or `*`", example = "\"1\"")
    ),
    request_body = schemas::Preferences,
    responses((
        status = 200, description = "The document as it is stored", body = schemas::Preferences,
        headers(("ETag" = String, description = "The document's version"))
    )),
    security(("person" = [])),
    extensions(("x-problems" = json!(["conflict", "precondition-failed"])))
)]
pub(super) async fn put_preferences(
    api: web::Data<Api>,
    own: Own,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let precondition = precondition(&request)?;
    let document: Preferences = body.document()?;
    Ok(answer(&api.preferences.replace(own.id, document, &precondition, &own.origin).await?))
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
        IfMatch::Items(tags) => Precondition::AnyOf(tags.iter().filter(|tag| !tag.weak).filter_map(version).collect()),
    })
}

/// The version that we gave this tag to. Tags are compared character by character, so `"+1"` is none of ours.
fn version(tag: &EntityTag) -> Option<i64> {
    tag.tag().parse().ok().filter(|version: &i64| version.to_string() == tag.tag())
}
