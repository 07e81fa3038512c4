use actix_web::{HttpResponse, web};
use muster_domain::access::{Action, Scope};
use muster_domain::api_key::{ApiKeyName, NewKey, Scopes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CreatedKeyView, created};
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, Timestamp};
use crate::openapi::schemas;
use crate::problem::Problem;

/// What a key is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewApiKey)]
pub(super) struct CreateRequest {
    /// What it is called.
    #[schema(value_type = schemas::Text100)]
    name: ApiKeyName,
    /// What it may be used for.
    #[schema(value_type = Vec<schemas::Scope>, min_items = 1, max_items = 100)]
    scopes: Vec<Scope>,
    /// When it stops working, in the future; never when left out.
    #[schema(value_type = Option<schemas::Time>)]
    expires_at: Option<Timestamp>,
}

/// `POST /api/keys`: makes a key, which is shown this once.
#[utoipa::path(
    post, path = "/api/keys", tag = "keys", operation_id = "createKey",
    summary = "Make a key",
    description = "For an admin. The key is shown this once.",
    request_body = CreateRequest,
    responses((status = 201, description = "The key", body = CreatedKeyView<'_>)),
    security(("person" = []))
)]
pub(super) async fn create_key(api: web::Data<Api>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    caller.may(Action::ManageKeys)?;
    let CreateRequest { name, scopes, expires_at } = body.json()?;
    let scopes = Scopes::of(&scopes).ok_or_else(|| Problem::field("scopes", "must name at least one"))?;
    let expires_at = expires_at.map(|Timestamp(at)| at);
    if expires_at.is_some_and(|at| at <= api.clock.now()) {
        return Err(Problem::field("expiresAt", "must be in the future"));
    }
    let made = api.access.keys.create(NewKey { name, scopes, expires_at }, &caller.origin).await?;
    Ok(created(made))
}
