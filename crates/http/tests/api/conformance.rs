//! Holds every answer that any test gets to the OpenAPI document: its status, its headers, and its body to the last
//! member.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use serde_json::Value;

/// Development mode's document, which has all there is.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| muster_http::openapi(true));

/// Fails unless the document says that this operation may answer like this. What nobody mounted is not looked at.
pub(crate) fn check(method: &Method, path: &str, status: u16, headers: &HeaderMap, body: &str) {
    let Some(operation) = operation(method, path) else { return };
    let name = format!("{method} {path}: {status}");
    let response = operation["responses"].get(status.to_string());
    let response = resolve(response.unwrap_or_else(|| panic!("{name} is not documented: {body}")));
    for (header, told) in response["headers"].as_object().into_iter().flatten() {
        let required = resolve(told)["required"] == true;
        assert!(!required || headers.contains_key(header), "{name} lacks the header {header}");
    }
    let Some(content) = response.get("content") else {
        assert!(body.is_empty(), "{name} has a body: {body}");
        return;
    };
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap();
    let told = content.get(content_type).unwrap_or_else(|| panic!("{name} is of an undocumented type {content_type}"));
    if content_type == "application/json" || content_type.ends_with("+json") {
        let json = serde_json::from_str(body).unwrap_or_else(|error| panic!("{name}: {error}"));
        let faults = faults(&told["schema"], &json, "");
        assert!(faults.is_empty(), "{name} is not as documented: {faults:?}\n{json:#}");
    }
}

/// What is wrong with a value for a schema of the document.
pub(crate) fn faults(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut faults = faults_of_part(schema, value, at);
    let members = value.as_object().into_iter().flat_map(|members| members.keys());
    if let Some(known) = known_members(schema) {
        faults
            .extend(members.filter(|name| !known.contains(name)).map(|name| format!("{at}: {name} is not documented")));
    }
    faults
}

/// The same, but for members of which this part of a schema does not know.
fn faults_of_part(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut hold = |holds: bool, rule: &str| {
        if !holds {
            faults.push(format!("{at}: {rule} ({value})"));
        }
    };
    let schema = schema.as_object().unwrap();
    let length = value.as_str().map(|text| text.chars().count() as u64);
    let items = value.as_array().map(|items| items.len() as u64);
    let mut within = Vec::new();
    for (keyword, rule) in schema {
        let most = |size: Option<u64>| size.is_none_or(|size| size <= rule.as_u64().unwrap());
        let least = |size: Option<u64>| size.is_none_or(|size| size >= rule.as_u64().unwrap());
        match keyword.as_str() {
            "$ref" => within.extend(faults_of_part(resolve(&Value::Object(schema.clone())), value, at)),
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                hold(types.iter().any(|name| is_of_type(value, name.as_str().unwrap())), "type");
            }
            "enum" => hold(rule.as_array().unwrap().contains(value), "enum"),
            "const" => hold(rule == value, "const"),
            "minLength" => hold(least(length), keyword),
            "maxLength" => hold(most(length), keyword),
            "minItems" => hold(least(items), keyword),
            "maxItems" => hold(most(items), keyword),
            "minimum" => hold(value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()), keyword),
            "maximum" => hold(value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()), keyword),
            "required" => {
                for name in rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
                    hold(!value.is_object() || value.get(name).is_some(), &format!("{name} is required"));
                }
            }
            "uniqueItems" => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                hold((1..items.len()).all(|index| !items[..index].contains(&items[index])), keyword);
            }
            "properties" => {
                for (name, property) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        within.extend(self::faults(property, member, &format!("{at}/{name}")));
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    within.extend(self::faults(rule, item, &format!("{at}/{index}")));
                }
            }
            "allOf" => {
                for part in rule.as_array().unwrap() {
                    within.extend(faults_of_part(part, value, at));
                }
            }
            "oneOf" => {
                let all: Vec<_> = rule.as_array().unwrap().iter().map(|one| self::faults(one, value, at)).collect();
                let fitting = all.iter().filter(|faults| faults.is_empty()).count();
                hold(fitting == 1, &format!("fits {fitting} of oneOf: {all:?}"));
            }
            "additionalProperties" => assert_eq!(*rule, false),
            // What says nothing of the value, and what others check: schemathesis knows formats and patterns.
            "description" | "title" | "examples" | "default" | "format" | "pattern" | "writeOnly" => {}
            extension if extension.starts_with("x-") => {}
            unknown => panic!("the keyword {unknown} at {at} is not checked"),
        }
    }
    faults.extend(within);
    faults
}

/// The members that an object may have, where the schema lists any. What is not listed is a gap in the document, also where
/// clients are to pass over what they do not know.
fn known_members(schema: &Value) -> Option<BTreeSet<&String>> {
    let schema = resolve(schema);
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return Some(parts.iter().filter_map(known_members).flatten().collect());
    }
    Some(schema.get("properties")?.as_object()?.keys().collect())
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("no such type: {unknown}"),
    }
}

/// What stands at a reference into the document.
fn resolve(value: &Value) -> &Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// The operation that a request means; a path that is spelled out before one with a parameter.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut fitting: Vec<&String> = paths.keys().filter(|template| fits(template, path)).collect();
    fitting.sort_by_key(|template| template.matches('{').count());
    paths.get(*fitting.first()?)?.get(method.as_str().to_lowercase())
}

fn fits(template: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(wanted, given): (&&str, &&str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
    wanted.len() == given.len() && wanted.iter().zip(&given).all(fits)
}
