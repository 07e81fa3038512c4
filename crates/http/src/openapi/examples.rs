use serde_json::{Map, Value};

/// What requests and answers look like, by operation and status. The tests' tour of the API made them, and holds this file
/// to what it meets.
const EXAMPLES: &str = include_str!("examples.json");

/// All of them.
pub(super) fn all() -> Value {
    serde_json::from_str(EXAMPLES).unwrap_or_default()
}

/// Adds an operation's own to its body and its answers.
pub(super) fn complete(operation: &mut Map<String, Value>, all: &Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    let Some(examples) = all.get(id).and_then(Value::as_object) else { return };
    for (name, example) in examples {
        let holder = match name.as_str() {
            "request" => operation.get_mut("requestBody"),
            status => operation.get_mut("responses").and_then(|responses| responses.get_mut(status)),
        };
        let content = holder.and_then(|holder| holder.get_mut("content")).and_then(Value::as_object_mut);
        for (_, content) in content.into_iter().flatten() {
            content["example"] = example.clone();
        }
    }
}
