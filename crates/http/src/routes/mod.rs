//! The routes: one folder an area, one file an endpoint.

mod audit;
mod development;
mod devices;
mod keys;
mod mobile;
mod operations;
mod preferences;
mod users;
mod verification;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, Resource, Route, guard, web};

use crate::api::Api;
use crate::input::MAX_BODY;

/// Mounts every route of the API in an app; wrap the app in [`crate::edge()`] too. Development mode's routes exist only
/// when `api` has what they need.
pub fn configure(config: &mut web::ServiceConfig, api: &web::Data<Api>) {
    config.app_data(api.clone()).app_data(web::PayloadConfig::new(MAX_BODY));
    users::configure(config);
    preferences::configure(config);
    verification::configure(config);
    devices::configure(config);
    mobile::configure(config);
    keys::configure(config);
    audit::configure(config);
    operations::configure(config);
    if api.development.is_some() {
        development::configure(config);
    }
    config.default_service(web::to(|| async { HttpResponse::NotFound().finish() }));
}

/// A resource that takes exactly these methods (and HEAD where it takes GET) and says so to any other.
fn resource(path: &str, routes: impl IntoIterator<Item = (Method, Route)>) -> Resource {
    let mut resource = web::resource(path);
    let mut allowed = Vec::new();
    for (method, route) in routes {
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
