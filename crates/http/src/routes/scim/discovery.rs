use actix_web::{HttpResponse, web};

use super::client::{Client, respond};
use crate::api::Api;

/// `GET /scim/v2/ServiceProviderConfig`: what of the protocol is spoken here.
pub(super) async fn service_provider_config(api: web::Data<Api>, _: Client) -> HttpResponse {
    respond(Ok(api.scim.service_provider_config()))
}

/// `GET /scim/v2/ResourceTypes`: what there is.
pub(super) async fn resource_types(api: web::Data<Api>, _: Client) -> HttpResponse {
    respond(Ok(api.scim.resource_types()))
}

/// `GET /scim/v2/ResourceTypes/{id}`: one of those.
pub(super) async fn resource_type(api: web::Data<Api>, client: Client) -> HttpResponse {
    respond(api.scim.resource_type(client.id()))
}

/// `GET /scim/v2/Schemas`: which attributes are kept.
pub(super) async fn schemas(api: web::Data<Api>, _: Client) -> HttpResponse {
    respond(Ok(api.scim.schemas()))
}

/// `GET /scim/v2/Schemas/{id}`: those of one kind of resource.
pub(super) async fn schema(api: web::Data<Api>, client: Client) -> HttpResponse {
    respond(api.scim.schema(client.id()))
}
