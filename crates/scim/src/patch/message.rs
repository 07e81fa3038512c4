use std::fmt;

use scim_v2::filter::PatchPath;
use serde_json::Value;

use crate::object::{Object, assigned, attribute};
use crate::{ScimError, filter, schema};

/// The most changes in one request.
const MAX_STEPS: usize = 1_000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Replace,
    Remove,
}

/// A change to one attribute.
#[derive(Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) op: Op,
    pub(crate) path: PatchPath,
    /// Null where there is none, which takes a value away as well.
    pub(crate) value: Value,
    /// It was a member of an operation's object, which had no path of its own.
    pub(crate) in_object: bool,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The value is somebody's name or address, and a path may hold one.
        f.debug_struct("Step").field("op", &self.op).finish_non_exhaustive()
    }
}

/// The changes that a request asks for, in order. An operation without a path is one change for each member of its
/// object.
pub(super) fn read(body: &Object, schema: &str) -> Result<Vec<Step>, ScimError> {
    let operations = attribute(body, "Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| ScimError::invalid_syntax("Operations must be a list"))?;
    if operations.is_empty() {
        return Err(ScimError::invalid_syntax("Operations must not be empty"));
    }
    if operations.len() > MAX_STEPS {
        return Err(too_many());
    }
    let mut steps = Vec::with_capacity(operations.len());
    for operation in operations {
        let operation =
            operation.as_object().ok_or_else(|| ScimError::invalid_syntax("each of Operations must be an object"))?;
        read_operation(operation, schema, &mut steps)?;
    }
    Ok(steps)
}

fn read_operation(operation: &Object, schema: &str, steps: &mut Vec<Step>) -> Result<(), ScimError> {
    let op = attribute(operation, "op").and_then(Value::as_str).and_then(op);
    let op = op.ok_or_else(|| ScimError::invalid_syntax("op must be add, replace or remove"))?;
    let value = assigned(operation, "value");
    if value.is_none() && op != Op::Remove {
        return Err(ScimError::invalid_value("an operation that adds or replaces must have a value"));
    }
    let value = value.unwrap_or(&Value::Null);
    match attribute(operation, "path") {
        None => read_object(op, value, schema, steps),
        Some(Value::String(path)) if path.trim().eq_ignore_ascii_case(schema) => read_object(op, value, schema, steps),
        // Nothing of it is kept.
        Some(Value::String(path)) if schema == schema::USER && path.trim().eq_ignore_ascii_case(schema::ENTERPRISE) => {
            Ok(())
        }
        Some(Value::String(path)) => {
            let path = filter::path(path)?;
            if !schema::names_attribute(schema, &path) {
                return Err(ScimError::invalid_path("path names no attribute of a known schema"));
            }
            take(steps, Step { op, path, value: value.clone(), in_object: false })
        }
        Some(_) => Err(ScimError::invalid_path("path must be a string")),
    }
}

/// Each member is an attribute, or a path, as Entra ID writes them: `{"name.givenName": "Ada"}`. Names that are no paths
/// are of attributes that nobody knows.
fn read_object(op: Op, value: &Value, schema: &str, steps: &mut Vec<Step>) -> Result<(), ScimError> {
    if op == Op::Remove {
        return Err(ScimError::no_target("an operation that removes must have a path"));
    }
    let object = value.as_object();
    let object = object.ok_or_else(|| ScimError::invalid_value("without a path, value must be an object"))?;
    for (name, value) in object {
        if name.eq_ignore_ascii_case(schema) && value.is_object() {
            read_object(op, value, schema, steps)?;
        } else if let Ok(path) = filter::path(name) {
            take(steps, Step { op, path, value: value.clone(), in_object: true })?;
        }
    }
    Ok(())
}

fn take(steps: &mut Vec<Step>, step: Step) -> Result<(), ScimError> {
    if steps.len() == MAX_STEPS {
        return Err(too_many());
    }
    steps.push(step);
    Ok(())
}

fn too_many() -> ScimError {
    ScimError::invalid_value(format!("Operations must not change more than {MAX_STEPS} attributes"))
}

fn op(name: &str) -> Option<Op> {
    [("add", Op::Add), ("replace", Op::Replace), ("remove", Op::Remove)]
        .into_iter()
        .find_map(|(own, op)| own.eq_ignore_ascii_case(name.trim()).then_some(op))
}
