use actix_web::{HttpRequest, HttpResponse, web};
use muster_domain::access::Action;
use muster_domain::api_key::ApiKeyService;
use serde::Deserialize;
use time::Duration;

use super::created;
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, path_id};
use crate::problem::Problem;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RotateRequest {
    /// For how long the old key goes on working.
    overlap_seconds: Option<u32>,
}

/// `POST /api/keys/{id}/rotate`: makes a key with the same name and scopes, which is shown this once. The old one goes on
/// working for a while.
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
