use serde_json::{Map, Value, json};

use super::problems::{self, WITH_A_BODY, WITH_A_CREDENTIAL};
use crate::Kind;

/// Adds the errors that an operation of SCIM can answer with: its own, by status, and those that follow from what it takes.
pub(super) fn complete(operation: &mut Map<String, Value>, shared: &mut Map<String, Value>) {
    let own = operation.remove("x-refusals").unwrap_or_default();
    let own: Vec<u64> = own.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    let with_a_body: &[Kind] = if operation.contains_key("requestBody") { &WITH_A_BODY } else { &[] };
    let kinds = WITH_A_CREDENTIAL.iter().chain(with_a_body);
    let mut statuses: Vec<u64> =
        kinds.map(|kind| kind.status().as_u16().into()).chain(own).chain([429, 500, 503]).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let (name, response) = response(status);
        shared.entry(name).or_insert(response);
        operation["responses"][status.to_string()] = json!({ "$ref": format!("#/components/responses/{name}") });
    }
}

fn response(status: u64) -> (&'static str, Value) {
    let (name, description, scim_type, detail) = match status {
        400 => (
            "ScimInvalid",
            "The request means nothing; `scimType` tells of which kind the fault is",
            Some("invalidFilter"),
            "sortOrder must be ascending or descending",
        ),
        401 => (
            "ScimUnauthenticated",
            "A valid API key is needed",
            None,
            "the credential is invalid or has expired, or its account is not active",
        ),
        403 => (
            "ScimForbidden",
            "The key has not the scope `scim`, or what describes the service was filtered",
            None,
            "the caller's role or scopes do not allow this",
        ),
        404 => ("ScimNotFound", "There is no such resource", None, "there is no such resource"),
        408 => ("ScimTimeout", "The body did not arrive in time", None, "the body did not arrive within 10 seconds"),
        409 => (
            "ScimTaken",
            "Another resource has that name or that external id",
            Some("uniqueness"),
            "another resource has that name (userName, displayName) or externalId",
        ),
        412 => (
            "ScimPreconditionFailed",
            "The resource is not at the version that `If-Match` names",
            None,
            "the resource is not at the version that If-Match names",
        ),
        413 => ("ScimTooLarge", "The body is too large", None, "a body may have at most 4194304 bytes"),
        415 => (
            "ScimUnsupportedMediaType",
            "The body is not declared as JSON",
            None,
            "send the body with Content-Type: application/scim+json or application/json",
        ),
        429 => (
            "ScimTooMany",
            "Too many requests without a credential came from this address, or the brake on deactivations holds",
            None,
            "too many people were deactivated within an hour, so further deactivations are refused until an \
             administrator of Muster has looked and run `muster directory release`",
        ),
        503 => (
            "ScimUnavailable",
            "The store cannot be reached, the server is full, or others are changing the resource",
            None,
            "the service cannot reach its store; try again",
        ),
        _ => ("ScimFailed", "Something failed on the server", None, "the service failed"),
    };
    let mut example = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": detail,
    });
    if let Some(scim_type) = scim_type {
        example["scimType"] = scim_type.into();
    }
    let like = match status {
        401 => Kind::Unauthenticated,
        429 | 503 => Kind::Unavailable,
        _ => Kind::Internal,
    };
    let response = json!({
        "description": description,
        "headers": problems::headers(&[like]),
        "content": {
            "application/scim+json": {
                "schema": {
                    "$ref": "#/components/schemas/ScimError",
                    "properties": { "status": { "enum": [status.to_string()] } },
                },
                "example": example,
            },
        },
    });
    (name, response)
}
