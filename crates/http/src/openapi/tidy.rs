use serde_json::{Map, Value, json};

/// The library lets a parameter that may be left out be null, which no address or header can be.
pub(super) fn parameters(operation: &mut Map<String, Value>) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for schema in parameters.into_iter().flatten().filter_map(|parameter| parameter.get_mut("schema")) {
        let not_null = schema["type"].as_array().and_then(|types| types.iter().find(|name| *name != "null").cloned());
        if let Some(name) = not_null {
            schema["type"] = name;
        }
        let not_null = schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null").cloned());
        if let Some(mut one) = not_null {
            if let Some(members) = one.as_object_mut() {
                members.remove("description");
            }
            *schema = one;
        }
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
            let written = &mut list["properties"][property]["items"];
            if schemas.get(item) == Some(written) {
                *written = json!({ "$ref": format!("#/components/schemas/{item}") });
            }
        }
    }
}
