use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{problem_schemas, security};
use crate::Kind;
use crate::edge::NEVER_REFUSED;

/// What a request can meet before it reaches its route: its client is too eager, or the server is full.
const AT_THE_EDGE: [Kind; 2] = [Kind::TooManyRequests, Kind::Overloaded];
/// What a credential can meet.
pub(super) const WITH_A_CREDENTIAL: [Kind; 3] = [Kind::Unauthenticated, Kind::Forbidden, Kind::Unavailable];
/// What a body can meet before anybody looks at what it says.
pub(super) const WITH_A_BODY: [Kind; 4] =
    [Kind::MalformedRequest, Kind::RequestTimeout, Kind::PayloadTooLarge, Kind::UnsupportedMediaType];

/// Adds the problems that an operation can answer with: its own, and those that follow from what it takes.
pub(super) fn complete(path: &str, operation: &mut Map<String, Value>, shared: &mut Map<String, Value>) {
    let mut kinds = own(operation);
    kinds.push(Kind::Internal);
    if !NEVER_REFUSED.contains(&path) {
        kinds.extend(AT_THE_EDGE);
    }
    if security::needed(operation) {
        kinds.extend(WITH_A_CREDENTIAL);
        if operation.contains_key("parameters") {
            kinds.push(Kind::ValidationFailed);
        }
    }
    if operation.contains_key("requestBody") {
        kinds.extend(WITH_A_BODY);
        kinds.push(Kind::ValidationFailed);
    }
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in Kind::ALL.iter().filter(|kind| kinds.contains(kind)) {
        by_status.entry(kind.status().as_u16()).or_default().push(*kind);
    }
    for (status, kinds) in by_status {
        let name = add(shared, &kinds);
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        operation["responses"][status.to_string()] = reference;
    }
}

/// The problems that the handler names itself. The list stays when it names one that does not exist, for a test to find.
fn own(operation: &mut Map<String, Value>) -> Vec<Kind> {
    let named = operation.get("x-problems").and_then(Value::as_array).cloned().unwrap_or_default();
    let kinds: Vec<Kind> = named.iter().filter_map(|slug| of_slug(slug.as_str()?)).collect();
    if kinds.len() == named.len() {
        operation.remove("x-problems");
    }
    kinds
}

fn of_slug(slug: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.slug() == slug)
}

/// Adds the answer that is one of these problems, which have one status, and tells its name.
pub(super) fn add(shared: &mut Map<String, Value>, kinds: &[Kind]) -> String {
    let name = kinds.iter().map(|kind| pascal_case(kind.slug())).collect::<Vec<_>>().join("Or");
    shared.entry(name.clone()).or_insert_with(|| response(kinds));
    name
}

fn pascal_case(slug: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    slug.split('-').map(capital).collect()
}

fn response(kinds: &[Kind]) -> Value {
    let titles: Vec<String> = kinds.iter().map(|kind| format!("{} (`{}`)", kind.title(), kind.slug())).collect();
    let examples: Map<String, Value> =
        kinds.iter().map(|kind| (kind.slug().to_owned(), json!({ "value": example(*kind) }))).collect();
    json!({
        "description": titles.join("; "),
        "headers": headers(kinds),
        "content": {
            "application/problem+json": {
                "schema": schema(kinds),
                "examples": examples,
            },
        },
    })
}

/// What the body looks like: like any problem, or like those with members of their own.
fn schema(kinds: &[Kind]) -> Value {
    let mut by_base: BTreeMap<&str, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        by_base.entry(problem_schemas::of(*kind)).or_default().push(*kind);
    }
    let mut schemas: Vec<Value> = by_base.into_iter().map(|(base, kinds)| schema_of(base, &kinds)).collect();
    match schemas.len() {
        1 => schemas.swap_remove(0),
        _ => json!({ "oneOf": schemas }),
    }
}

/// What stands beside the reference narrows the schema down; generators of clients pass over it.
fn schema_of(base: &str, kinds: &[Kind]) -> Value {
    let uris: Vec<String> = kinds.iter().map(|kind| kind.uri()).collect();
    let status = kinds.first().map(|kind| kind.status().as_u16());
    json!({
        "$ref": format!("#/components/schemas/{base}"),
        "properties": { "type": { "enum": uris }, "status": { "enum": [status] } },
    })
}

/// The headers that an answer with one of these problems has.
pub(super) fn headers(kinds: &[Kind]) -> Value {
    let mut headers = json!({ "x-request-id": { "$ref": "#/components/headers/RequestId" } });
    if kinds.iter().any(|kind| waits(*kind)) {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    if kinds.iter().any(|kind| kind.status() == 401) {
        headers["WWW-Authenticate"] = json!({ "$ref": "#/components/headers/WwwAuthenticate" });
    }
    if kinds.contains(&Kind::MethodNotAllowed) {
        headers["Allow"] = json!({ "$ref": "#/components/headers/Allow" });
    }
    headers
}

/// Whether the answer says when to try again.
fn waits(kind: Kind) -> bool {
    matches!(kind.status().as_u16(), 429 | 503)
}

fn example(kind: Kind) -> Value {
    let mut problem = json!({
        "type": kind.uri(),
        "title": kind.title(),
        "status": kind.status().as_u16(),
        "detail": detail(kind),
        "instance": "019aabc4-7c4b-7a51-9d0b-6f0d7f0f9a10",
    });
    match kind {
        Kind::ValidationFailed => {
            problem["errors"] = json!([{ "field": "limit", "detail": "must be a number from 1 to 200" }]);
        }
        Kind::InvalidOrExpiredCode => problem["attemptsLeft"] = 4.into(),
        _ => {}
    }
    problem
}

/// What a problem of that kind says, for example.
fn detail(kind: Kind) -> &'static str {
    match kind {
        Kind::MalformedRequest => "the body is not JSON in UTF-8: line 1, column 12",
        Kind::Unauthenticated => "the credential is invalid or has expired, or its account is not active",
        Kind::InvalidRefreshToken => "sign in again",
        Kind::SignInRefused => "the name or the password is wrong",
        Kind::Forbidden => "the caller's role or scopes do not allow this",
        Kind::NotFound => "there is no such user",
        Kind::MethodNotAllowed => "the Allow header names the methods that the resource takes",
        Kind::NoDestination => "there is nowhere to send a code by sms",
        Kind::DestinationNotAllowed => "ask whoever runs this server whether it should send there",
        Kind::ChannelOff => "nobody is asked to prove sms here",
        Kind::LastAdmin => "make somebody else an admin first",
        Kind::DeviceLimit => "remove a device first",
        Kind::Conflict => "the preferences kept changing meanwhile; try again",
        Kind::PreconditionFailed => "read the preferences again and send the new ETag in If-Match",
        Kind::RequestTimeout => "the body did not arrive within 10 seconds",
        Kind::PayloadTooLarge => "a body may have at most 65536 bytes",
        Kind::UnsupportedMediaType => "send the body with Content-Type: application/json",
        Kind::ValidationFailed => "limit must be a number from 1 to 200",
        Kind::InvalidOrExpiredCode => "check the code, or ask for a new one",
        Kind::TooManyAttempts => "this code is dead; ask for a new one",
        Kind::TooSoon | Kind::DestinationQuota | Kind::UserQuota | Kind::InstallationQuota => {
            "wait, then ask for a new code"
        }
        Kind::TooManySignIns => "wait, then try again",
        Kind::Internal => "this is a fault of the server; its operators can find it by the request id in instance",
        Kind::Unavailable => "try again in a few seconds",
        Kind::Busy => "try again in a moment",
        Kind::TooManyRequests => {
            "too many requests without a good credential came from this address; wait, then try again"
        }
        Kind::Overloaded => "nothing was done for this request; try again in a moment",
    }
}
