use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::access::Action;
use muster_domain::api_key::ApiKeyService;
use serde::Deserialize;
use time::Duration;
use utoipa::ToSchema;

use super::{CreatedKeyView, created};
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, path_id};
use crate::openapi::schemas;
use crate::problem::Problem;

/// How a key is to be rotated.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RotateRequest {
    /// For how many seconds the old key goes on working.
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400, examples(3600))]
    overlap_seconds: Option<u32>,
}

/// `POST /api/keys/{id}/rotate`: makes a key with the same name and scopes, which is shown this once. The old one goes on
/// working for a while.
#[utoipa::path(
    post, path = "/api/keys/{id}/rotate", tag = "keys", operation_id = "rotateKey",
    summary = "Make a key with the same name and scopes",
    description = "For an admin. The new key is shown this once; the old one goes on working for a while. The body \
        may be left out.",
    params(("id" = schemas::Id, Path, description = "Which key")),
    request_body = Option<RotateRequest>,
    responses((status = 201, description = "The new key", body = CreatedKeyView<'_>)),
    security(("person" = [])),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn rotate_key(
    api: web::Data<Api>,
    caller: Caller,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.may(Action::ManageKeys)?;
    let id = path_id(&request)?;
    let RotateRequest { overlap_seconds } = body.json_or_default()?;
    let overlap = overlap_seconds.map_or(ApiKeyService::OVERLAP, |seconds| Duration::seconds(seconds.into()));
    if overlap > ApiKeyService::MAX_OVERLAP {
        let longest = ApiKeyService::MAX_OVERLAP.whole_seconds();
        return Err(Problem::field("overlapSeconds", format!("must be at most {longest}")));
    }
    let made = api.access.keys.rotate(id, overlap, &caller.origin).await?;
    Ok(created(made))
}
