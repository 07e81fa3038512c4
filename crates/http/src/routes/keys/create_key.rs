use actix_web::{HttpResponse, web};
use muster_domain::access::{Action, Scope};
use muster_domain::api_key::{ApiKeyName, NewKey, Scopes};
use serde::Deserialize;

use super::created;
use crate::api::Api;
use crate::authentication::Caller;
use crate::input::{Body, Timestamp};
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateRequest {
    name: ApiKeyName,
    scopes: Vec<Scope>,
    expires_at: Option<Timestamp>,
}

/// `POST /api/keys`: makes a key, which is shown this once.
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
