//! The OpenAPI document. Each handler says what it takes and gives (`#[utoipa::path]`), each view and request body what
//! it looks like (`ToSchema`), and what holds of many is added here: who may call ([`security`]), what can go wrong
//! ([`problems`], [`scim`]), which answers lead on ([`links`]), what all of it looks
//! like ([`examples`]), and what is said of the whole ([`frame`]). What the library
//! writes otherwise than we mean it is put right in [`tidy`].
//!
//! Handlers say what can go wrong by the slugs of [`Kind`](crate::Kind) in the extension `x-problems`, SCIM's by status in
//! `x-refusals`. What follows from the rest of an operation is not said again.

mod audit_details;
mod examples;
mod frame;
mod links;
mod problem_schemas;
mod problems;
pub(crate) mod schemas;
mod scim;
mod security;
mod tidy;

use serde_json::{Map, Value, json};

use crate::edge::SCIM;
use crate::routes;

/// The document of this build (OpenAPI 3.1), with development mode's routes or without.
#[must_use]
pub fn openapi(development: bool) -> Value {
    // What serde makes of the library's own types is always JSON.
    let mut document = serde_json::to_value(routes::documented(development)).unwrap_or_default();
    frame::add(&mut document);
    let examples = examples::all();
    let mut responses = Map::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for operation in
            item.as_object_mut().into_iter().flatten().filter_map(|(_, operation)| operation.as_object_mut())
        {
            security::complete(operation);
            if path.starts_with(SCIM) {
                scim::complete(operation, &mut responses);
            } else {
                problems::complete(path, operation, &mut responses);
            }
            links::complete(operation);
            examples::complete(operation, &examples);
            tidy::requests(operation);
            tidy::headers(operation);
        }
        item["x-other-methods"] = json!({ "$ref": "#/components/responses/MethodNotAllowed" });
    }
    problems::add(&mut responses, &[crate::Kind::MethodNotAllowed]);
    document["components"]["responses"] = Value::Object(responses);
    tidy::lists(&mut document);
    document
}
