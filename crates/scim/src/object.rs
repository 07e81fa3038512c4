use serde_json::{Map, Value};

use crate::ScimError;

/// A JSON object whose member names do not depend on case (RFC 7643, section 2.1).
pub(crate) type Object = Map<String, Value>;

/// An attribute's value; null counts as absent (RFC 7643, section 2.5).
pub(crate) fn attribute<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    assigned(object, name).filter(|value| !value.is_null())
}

/// What stands at an attribute's name, also when that is null.
pub(crate) fn assigned<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Gives an attribute a value, however its name was written before.
pub(crate) fn assign(object: &mut Object, name: &str, value: Value) {
    unassign(object, name);
    object.insert(name.to_owned(), value);
}

/// Takes an attribute's value away.
pub(crate) fn unassign(object: &mut Object, name: &str) {
    object.retain(|key, _| !key.eq_ignore_ascii_case(name));
}

/// True or false, also as a string, as Entra ID writes them.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// The object that a request's body holds.
pub(crate) fn read_body(body: &[u8]) -> Result<Object, ScimError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ScimError::invalid_syntax("the body must be a JSON object")),
        Err(error) => Err(ScimError::invalid_syntax(format!(
            "the body cannot be read as JSON at line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}
