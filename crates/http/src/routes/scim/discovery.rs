use actix_web::{HttpResponse, web};
use muster_scim::{Answer, ScimError};

use super::client::{Client, respond};
use crate::api::Api;
use crate::openapi::schemas::{self, ScimList};

/// What describes the service takes no filter (RFC 7644, section 4).
fn described(client: &Client, answer: Result<Answer, ScimError>) -> HttpResponse {
    match client.query() {
        Ok(query) if !query.filters() => return respond(answer),
        Err(error) => return respond(Err(error)),
        Ok(_) => {}
    }
    let detail = "what describes the service takes no filter".to_owned();
    respond(Err(ScimError { status: 403, scim_type: None, detail, retry_after_seconds: None, source: None }))
}

/// `GET /scim/v2/ServiceProviderConfig`: what of the protocol is spoken here.
#[utoipa::path(
    get, path = "/scim/v2/ServiceProviderConfig", tag = "scim", operation_id = "getScimServiceProviderConfig",
    summary = "What of the protocol is spoken",
    description = "The same for everybody; filters are refused (RFC 7644, section 4).",
    responses(
        (
            status = 200, description = "What there is",
            body = schemas::ScimServiceProviderConfig, content_type = "application/scim+json"
        )
    ),
    security(("apiKey" = ["scim"])),
    extensions(("x-refusals" = json!([400])))
)]
pub(super) async fn service_provider_config(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, Ok(api.scim.service_provider_config(client.user_agent())))
}

/// `GET /scim/v2/ResourceTypes`: what there is.
#[utoipa::path(
    get, path = "/scim/v2/ResourceTypes", tag = "scim", operation_id = "listScimResourceTypes",
    summary = "What kinds of resources there are",
    description = "The same for everybody; filters are refused (RFC 7644, section 4).",
    responses(
        (
            status = 200, description = "What there is",
            body = ScimList<schemas::ScimResourceType>, content_type = "application/scim+json"
        )
    ),
    security(("apiKey" = ["scim"])),
    extensions(("x-refusals" = json!([400])))
)]
pub(super) async fn resource_types(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, Ok(api.scim.resource_types()))
}

/// `GET /scim/v2/ResourceTypes/{id}`: one of those.
#[utoipa::path(
    get, path = "/scim/v2/ResourceTypes/{id}", tag = "scim", operation_id = "getScimResourceType",
    summary = "One kind of resource",
    description = "The same for everybody; filters are refused (RFC 7644, section 4).",
    params(("id" = String, Path, description = "Which", example = "User")),
    responses(
        (
            status = 200, description = "What there is",
            body = schemas::ScimResourceType, content_type = "application/scim+json"
        )
    ),
    security(("apiKey" = ["scim"])),
    extensions(("x-refusals" = json!([400, 404])))
)]
pub(super) async fn resource_type(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, api.scim.resource_type(client.id()))
}

/// `GET /scim/v2/Schemas`: which attributes are kept.
#[utoipa::path(
    get, path = "/scim/v2/Schemas", tag = "scim", operation_id = "listScimSchemas",
    summary = "Which attributes are kept",
    description = "The same for everybody; filters are refused (RFC 7644, section 4).",
    responses(
        (
            status = 200, description = "What there is",
            body = ScimList<schemas::ScimSchema>, content_type = "application/scim+json"
        )
    ),
    security(("apiKey" = ["scim"])),
    extensions(("x-refusals" = json!([400])))
)]
pub(super) async fn schemas(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, Ok(api.scim.schemas()))
}

/// `GET /scim/v2/Schemas/{id}`: those of one kind of resource.
#[utoipa::path(
    get, path = "/scim/v2/Schemas/{id}", tag = "scim", operation_id = "getScimSchema",
    summary = "The attributes of one kind of resource",
    description = "The same for everybody; filters are refused (RFC 7644, section 4).",
    params(("id" = String, Path, description = "Which", example = "urn:ietf:params:scim:schemas:core:2.0:User")),
    responses(
        (
            status = 200, description = "What there is",
            body = schemas::ScimSchema, content_type = "application/scim+json"
        )
    ),
    security(("apiKey" = ["scim"])),
    extensions(("x-refusals" = json!([400, 404])))
)]
pub(super) async fn schema(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, api.scim.schema(client.id()))
}
