//! What problems look like (RFC 9457). Plain objects without `allOf` or `const`, which generators of clients do not all
//! understand: each has all of its members, and `type` is an enum.

use serde_json::{Map, Value, json};

use super::frame;
use crate::Kind;

/// The schema of a kind.
pub(super) fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::ValidationFailed => "ValidationProblem",
        Kind::InvalidOrExpiredCode => "CodeProblem",
        _ => "Problem",
    }
}

/// Adds them. No two have a `type` in common, so that it tells which one an answer is.
pub(super) fn add(schemas: &mut Map<String, Value>) {
    schemas.insert("Problem".to_owned(), problem("Problem", "What went wrong (RFC 9457)."));
    let mut validation = problem("ValidationProblem", "The input breaks rules, each with its field.");
    validation["properties"]["errors"] = json!({
        "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/FieldProblem" },
    });
    if let Some(required) = validation["required"].as_array_mut() {
        required.push("errors".into());
    }
    schemas.insert("ValidationProblem".to_owned(), validation);
    schemas.insert("FieldProblem".to_owned(), field());
    let mut code = problem("CodeProblem", "The code is not that of a live challenge.");
    code["properties"]["attemptsLeft"] = json!({
        "type": "integer",
        "minimum": 0,
        "maximum": 4,
        "description": "How many wrong codes more the challenge takes, while there is one.",
    });
    schemas.insert("CodeProblem".to_owned(), code);
}

/// What all have. Clients pass over members that they do not know.
fn problem(name: &str, description: &str) -> Value {
    let types: Vec<String> = Kind::ALL.iter().filter(|kind| of(**kind) == name).map(|kind| kind.uri()).collect();
    json!({
        "description": description,
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {
                "type": "string",
                "enum": types,
                "description": "Which kind of problem it is. Stable; `docs/errors.md` explains each.",
            },
            "title": { "type": "string", "description": "The kind in short words." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The answer's status." },
            "detail": { "type": "string", "description": "What was wrong this time, and what to do." },
            "instance": frame::request_id(),
        },
    })
}

fn field() -> Value {
    json!({
        "description": "A field of the input, and the rule that it breaks.",
        "type": "object",
        "required": ["field", "detail"],
        "properties": {
            "field": {
                "type": "string",
                "description": "Its path in the body, or the name of a parameter.",
                "examples": ["rules.high[0].afterMinutes"],
            },
            "detail": {
                "type": "string",
                "description": "The rule.",
                "examples": ["must be from 0 to 1440 minutes"],
            },
        },
    })
}
