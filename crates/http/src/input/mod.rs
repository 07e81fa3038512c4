//! Reading what clients send. Everything is parsed into the domain's own types at once, so each rule stands in one
//! place, and a fault names its field. Handlers parse after they have authorized, so that what is wrong with a request
//! is told only to those who may make it.

mod body;
mod fault;
mod query;

pub(crate) use body::{Accepted, Body};
pub(crate) use query::{Limited, Timestamp, next_link, query};

use std::str::FromStr;

use actix_web::HttpRequest;

use crate::problem::Problem;

/// The id in the path.
pub(crate) fn path_id<T: FromStr>(request: &HttpRequest) -> Result<T, Problem> {
    path_id_named("id", request)
}

/// The id of that name in the path.
pub(crate) fn path_id_named<T: FromStr>(name: &str, request: &HttpRequest) -> Result<T, Problem> {
    let id = request.match_info().get(name).and_then(|text| text.parse().ok());
    id.ok_or_else(|| Problem::field(name, "must be a UUID"))
}
