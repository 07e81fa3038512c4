//! The routes: one folder an area, one file an endpoint.

mod audit;
mod auth;
mod development;
mod devices;
mod keys;
mod mobile;
mod operations;
mod preferences;
mod scim;
mod teams;
mod users;
mod verification;

pub use audit::AuditEventView;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard, web};
use utoipa::OpenApi;

use crate::api::Api;
use crate::input::Accepted;

/// Mounts every route of the API in an app, as [`crate::app`] does, which also has what stands before them. Development
/// mode's routes exist only when `api` has what they need.
pub fn configure(config: &mut web::ServiceConfig, api: &web::Data<Api>) {
    config.app_data(api.clone()).app_data(web::PayloadConfig::new(Accepted::JSON.max));
    let mut endpoints = endpoints(api.development.is_some());
    // The router tries one after the other, and a path with a parameter by a regular expression.
    endpoints.sort_by_key(|endpoint| endpoint.path.contains('{'));
    for endpoint in endpoints {
        config.service(endpoint.into_resource());
    }
    config.default_service(web::to(elsewhere));
}

/// What has no route. The addresses that people type lead to the API's page, relative to a prefix that a proxy takes away.
async fn elsewhere(request: HttpRequest) -> HttpResponse {
    let page = match request.path() {
        "/" => "docs",
        "/docs/" => "../docs",
        _ => return HttpResponse::NotFound().finish(),
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::NotFound().finish();
    }
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, page)).finish()
}

/// Every route there is, with development mode's or without: what a check of all of them goes by.
#[must_use]
pub fn table(development: bool) -> Vec<(Method, &'static str)> {
    let of = |endpoint: Endpoint| endpoint.routes.into_iter().map(move |(method, _)| (method, endpoint.path));
    endpoints(development).into_iter().flat_map(of).collect()
}

/// What the handlers say of themselves for the OpenAPI document.
pub(crate) fn documented(development: bool) -> utoipa::openapi::OpenApi {
    let mut areas = vec![
        users::Documented::openapi(),
        teams::Documented::openapi(),
        preferences::Documented::openapi(),
        verification::Documented::openapi(),
        devices::Documented::openapi(),
        mobile::Documented::openapi(),
        keys::Documented::openapi(),
        auth::Documented::openapi(),
        audit::Documented::openapi(),
        scim::Documented::openapi(),
        operations::Documented::openapi(),
    ];
    if development {
        areas.push(development::Documented::openapi());
    }
    areas.into_iter().fold(utoipa::openapi::OpenApi::default(), utoipa::openapi::OpenApi::merge_from)
}

fn endpoints(development: bool) -> Vec<Endpoint> {
    let mut all = users::endpoints();
    all.extend(teams::endpoints());
    all.extend(preferences::endpoints());
    all.extend(verification::endpoints());
    all.extend(devices::endpoints());
    all.extend(mobile::endpoints());
    all.extend(keys::endpoints());
    all.extend(auth::endpoints());
    all.extend(audit::endpoints());
    all.extend(scim::endpoints());
    all.extend(operations::endpoints());
    if development {
        all.extend(development::endpoints());
    }
    all
}

/// One path and the methods that it takes.
struct Endpoint {
    path: &'static str,
    routes: Vec<(Method, Route)>,
    on_this_machine: bool,
    accepted: Accepted,
}

/// A path that takes exactly these methods (and HEAD where it takes GET) and says so to any other.
fn endpoint(path: &'static str, routes: impl IntoIterator<Item = (Method, Route)>) -> Endpoint {
    Endpoint { path, routes: routes.into_iter().collect(), on_this_machine: false, accepted: Accepted::JSON }
}

impl Endpoint {
    /// The same, for nobody but this machine.
    fn on_this_machine(self) -> Self {
        Self { on_this_machine: true, ..self }
    }

    /// The same, for other bodies.
    fn accepting(self, accepted: Accepted) -> Self {
        Self { accepted, ..self }
    }

    fn into_resource(self) -> Resource {
        let mut resource = web::resource(self.path);
        resource = resource.app_data(self.accepted).app_data(web::PayloadConfig::new(self.accepted.max));
        if self.on_this_machine {
            resource = resource.guard(development::LoopbackHost);
        }
        let mut allowed = Vec::new();
        for (method, route) in self.routes {
            allowed.push(method.as_str().to_owned());
            resource = if method == Method::GET {
                allowed.push(Method::HEAD.as_str().to_owned());
                resource.route(route.guard(guard::Any(guard::Get()).or(guard::Head())))
            } else {
                resource.route(route.method(method))
            };
        }
        let allow = HeaderValue::from_str(&allowed.join(", ")).ok();
        resource.default_service(web::to(move || {
            let mut response = HttpResponse::new(StatusCode::METHOD_NOT_ALLOWED);
            if let Some(allow) = &allow {
                response.headers_mut().insert(header::ALLOW, allow.clone());
            }
            async move { response }
        }))
    }
}
