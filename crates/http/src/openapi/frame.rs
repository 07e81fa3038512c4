use serde_json::{Value, json};

use super::{audit_details, problem_schemas, security};

const DESCRIPTION: &str = "\
Muster proves that the people on an on-call roster can be reached, and answers whether a person can be on call.

**Calling.** Credentials are bearer tokens: `Authorization: Bearer …`. Somebody who is deactivated is refused at once, \
whatever token they hold, and roles are those that the store has now.

**JSON.** Names are camelCase, times are RFC 3339 in UTC, ids are UUIDs. A field that is not known is refused (422), in \
bodies and in queries. What is personal is never cached (`Cache-Control: no-store`).

**Errors** are problem details (RFC 9457): go by `type`, which never changes. `instance` is the request's id, which is also \
in the header `x-request-id` of every answer; a client may choose it by sending that header (1 to 64 letters, digits, dots, \
dashes and underscores). SCIM has errors of its own form. A path that does not exist is `not-found`; \
a method that a path does not take is `method-not-allowed`, and the header `Allow` names those that it takes. `HEAD` works \
wherever `GET` does.

**Waiting.** Where a client is to wait (429, 503), `Retry-After` says for how many whole seconds.

**Lists** come in pages: `nextCursor` is the `cursor` of the page that follows, and null on the last one; the header `Link` \
has the same page as an address. Items are sorted by what the list says and never missed or shown twice because others \
come or go meanwhile.";

/// The document's areas, in the order of reading.
const TAGS: [(&str, &str); 12] = [
    (
        "users",
        "People as the company directory describes them, and their role on the platform. Names and contacts are the \
         directory's and cannot be written here.",
    ),
    ("teams", "Teams, who is in them, and who of them can be on call."),
    ("preferences", "How somebody wants to be told of alerts: channels, steps for each severity, quiet hours."),
    (
        "verification",
        "Proving that codes sent to the caller's e-mail address, phone number and devices arrive. What is proven is \
         a destination: when the directory changes it, it is unproven again.",
    ),
    ("devices", "The caller's phones and browsers that take push messages."),
    ("mobile", "Sessions of phones: refresh tokens that last 90 days, access tokens that last 15 minutes."),
    ("keys", "API keys of other services."),
    ("auth", "Signing in with what Muster itself keeps."),
    ("audit", "What happened, who did it, and to whom. Records hold masked contacts only."),
    (
        "scim",
        "The company directory's door: SCIM 2.0 (RFC 7643, RFC 7644). Names of attributes and parameters do not depend \
         on case, and those that mean nothing here are passed over.",
    ),
    ("operations", "For those who run the server, and the keys for those who check its tokens."),
    (
        "development",
        "Development mode only: signing in without an identity provider, and reading what would have been sent.",
    ),
];

/// Adds what is said of the whole: title, tags, credentials, and what answers share.
pub(super) fn add(document: &mut Value) {
    document["openapi"] = "3.1.0".into();
    document["info"] = json!({
        "title": "Muster",
        "summary": "Proves that on-call people can be reached",
        "description": DESCRIPTION,
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "The server that this document came from" }]);
    let used = document["paths"].to_string();
    let tags = TAGS.iter().filter(|(name, _)| used.contains(&format!("\"tags\":[\"{name}\"]")));
    document["tags"] = tags.map(|(name, description)| json!({ "name": name, "description": description })).collect();
    document["components"]["securitySchemes"] = security::schemes();
    document["components"]["headers"] = headers();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        problem_schemas::add(schemas);
        audit_details::add(schemas);
    }
}

fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The request's id, under which logs and audit records know it.",
            "required": true,
            "schema": request_id(),
        },
        "RetryAfter": {
            "description": "After how many seconds it makes sense to try again.",
            "required": true,
            "schema": { "type": "integer", "minimum": 1, "examples": [5] },
        },
        "WwwAuthenticate": {
            "description": "Which kind of credential is missing, or what is wrong with the one that was shown (RFC 6750).",
            "required": true,
            "schema": { "type": "string", "examples": ["Bearer", "Bearer error=\"invalid_token\""] },
        },
        "Allow": {
            "description": "The methods that the path takes.",
            "required": true,
            "schema": { "type": "string", "examples": ["GET, HEAD, PUT"] },
        },
        "ETag": {
            "description": "The version of what is shown.",
            "required": true,
            "schema": { "type": "string", "examples": ["\"1\"", "W/\"3\""] },
        },
        "Location": {
            "description": "Where the new resource is.",
            "required": true,
            "schema": { "type": "string", "format": "uri" },
        },
        "Link": {
            "description": "The page that follows, when there is one (RFC 8288).",
            "schema": { "type": "string", "examples": ["</api/users?limit=2&cursor=dWdyYWNl>; rel=\"next\""] },
        },
    })
}

pub(super) fn request_id() -> Value {
    json!({
        "type": "string",
        "description": "The request's id.",
        "pattern": "^[A-Za-z0-9._-]{1,64}$",
        "examples": ["019aabc4-7c4b-7a51-9d0b-6f0d7f0f9a10"],
    })
}
