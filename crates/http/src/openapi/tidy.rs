use serde_json::{Map, Value, json};

/// The library lets what may be left out be null. No address and no header can be, and no body may.
pub(super) fn requests(operation: &mut Map<String, Value>) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for schema in parameters.into_iter().flatten().filter_map(|parameter| parameter.get_mut("schema")) {
        without_null(schema);
    }
    let body = operation.get_mut("requestBody").and_then(|body| body.get_mut("content")).and_then(Value::as_object_mut);
    for schema in body.into_iter().flatten().filter_map(|(_, content)| content.get_mut("schema")) {
        without_null(schema);
    }
}

fn without_null(schema: &mut Value) {
    let others = |list: Option<&Value>, null: &dyn Fn(&Value) -> bool| {
        let list = list.and_then(Value::as_array).filter(|list| list.iter().any(null))?;
        list.iter().find(|one| !null(one)).cloned()
    };
    if let Some(name) = others(schema.get("type"), &|name| name == "null") {
        schema["type"] = name;
    }
    if let Some(one) = others(schema.get("oneOf"), &|one| one["type"] == "null") {
        *schema = one;
    }
}

/// Every answer names its request, and headers that several have are described in one place.
pub(super) fn headers(operation: &mut Map<String, Value>) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flatten().map(|(_, response)| response) {
        if response.get("$ref").is_some() {
            continue;
        }
        response["headers"]["x-request-id"] = json!({ "$ref": "#/components/headers/RequestId" });
        for (name, component) in [("Link", "Link"), ("ETag", "ETag"), ("Location", "Location")] {
            if response["headers"].get(name).is_some() {
                response["headers"][name] = json!({ "$ref": format!("#/components/headers/{component}") });
            }
        }
    }
}

/// The library writes the items of a list out; their schema stands elsewhere already.
pub(super) fn lists(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object().cloned() else { return };
    for (name, list) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        let Some((_, item)) = name.split_once("Of_") else { continue };
        for property in ["items", "Resources"] {
            let Some(written) = list.pointer_mut(&format!("/properties/{property}/items")) else { continue };
            if schemas.get(item) == Some(written) {
                *written = json!({ "$ref": format!("#/components/schemas/{item}") });
            }
        }
    }
}
