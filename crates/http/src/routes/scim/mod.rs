//! The company directory's door: SCIM 2.0 (RFC 7643, RFC 7644), spoken by `muster-scim`. Every call needs a key with the
//! scope `scim`, also those that only describe the service.

mod client;
mod discovery;
mod resources;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use self::resources::{groups, users};
use super::{Endpoint, endpoint};
use crate::input::Accepted;
use crate::openapi::schemas;

#[derive(OpenApi)]
#[openapi(
    paths(
        users::list,
        users::create,
        users::search,
        users::get,
        users::replace,
        users::patch,
        users::delete,
        groups::list,
        groups::create,
        groups::search,
        groups::get,
        groups::replace,
        groups::patch,
        groups::delete,
        resources::search,
        discovery::service_provider_config,
        discovery::resource_types,
        discovery::resource_type,
        discovery::schemas,
        discovery::schema
    ),
    components(schemas(schemas::ScimError))
)]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = [
        endpoint(
            "/scim/v2/Users",
            [(Method::GET, web::get().to(users::list)), (Method::POST, web::post().to(users::create))],
        ),
        // Before the ids.
        endpoint("/scim/v2/Users/.search", [(Method::POST, web::post().to(users::search))]),
        endpoint("/scim/v2/Groups/.search", [(Method::POST, web::post().to(groups::search))]),
        endpoint(
            "/scim/v2/Users/{id}",
            [
                (Method::GET, web::get().to(users::get)),
                (Method::PUT, web::put().to(users::replace)),
                (Method::PATCH, web::patch().to(users::patch)),
                (Method::DELETE, web::delete().to(users::delete)),
            ],
        ),
        endpoint(
            "/scim/v2/Groups",
            [(Method::GET, web::get().to(groups::list)), (Method::POST, web::post().to(groups::create))],
        ),
        endpoint(
            "/scim/v2/Groups/{id}",
            [
                (Method::GET, web::get().to(groups::get)),
                (Method::PUT, web::put().to(groups::replace)),
                (Method::PATCH, web::patch().to(groups::patch)),
                (Method::DELETE, web::delete().to(groups::delete)),
            ],
        ),
        endpoint("/scim/v2/.search", [(Method::POST, web::post().to(resources::search))]),
        endpoint("/scim/v2/ServiceProviderConfig", [(Method::GET, web::get().to(discovery::service_provider_config))]),
        endpoint("/scim/v2/ResourceTypes", [(Method::GET, web::get().to(discovery::resource_types))]),
        endpoint("/scim/v2/ResourceTypes/{id}", [(Method::GET, web::get().to(discovery::resource_type))]),
        endpoint("/scim/v2/Schemas", [(Method::GET, web::get().to(discovery::schemas))]),
        endpoint("/scim/v2/Schemas/{id}", [(Method::GET, web::get().to(discovery::schema))]),
    ];
    all.into_iter().map(|endpoint| endpoint.accepting(Accepted::SCIM)).collect()
}
