use actix_web::{HttpResponse, web};
use muster_scim::{Answer, ScimError};

use super::client::{Client, respond};
use crate::api::Api;

/// What describes the service takes no filter (RFC 7644, section 4).
fn described(client: &Client, answer: Result<Answer, ScimError>) -> HttpResponse {
    if !client.filters() {
        return respond(answer);
    }
    let detail = "what describes the service takes no filter".to_owned();
    respond(Err(ScimError { status: 403, scim_type: None, detail, retry_after_seconds: None, source: None }))
}

/// `GET /scim/v2/ServiceProviderConfig`: what of the protocol is spoken here.
pub(super) async fn service_provider_config(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, Ok(api.scim.service_provider_config()))
}

/// `GET /scim/v2/ResourceTypes`: what there is.
pub(super) async fn resource_types(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, Ok(api.scim.resource_types()))
}

/// `GET /scim/v2/ResourceTypes/{id}`: one of those.
pub(super) async fn resource_type(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, api.scim.resource_type(client.id()))
}

/// `GET /scim/v2/Schemas`: which attributes are kept.
pub(super) async fn schemas(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, Ok(api.scim.schemas()))
}

/// `GET /scim/v2/Schemas/{id}`: those of one kind of resource.
pub(super) async fn schema(api: web::Data<Api>, client: Client) -> HttpResponse {
    described(&client, api.scim.schema(client.id()))
}
