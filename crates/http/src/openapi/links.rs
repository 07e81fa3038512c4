use serde_json::{Map, Value, json};

/// Which answer leads where: an operation and its status, the operation that it leads to, the parameter for which it has a
/// value, and where in the answer that is.
const LINKS: [(&str, &str, &str, &str, &str); 21] = [
    ("listUsers", "200", "getUser", "id", "/items/0/id"),
    ("listUsers", "200", "listUsers", "cursor", "/nextCursor"),
    ("listUsers", "200", "listUserAudit", "id", "/items/0/id"),
    ("listUserAudit", "200", "listUserAudit", "cursor", "/nextCursor"),
    ("listTeams", "200", "getTeam", "id", "/items/0/id"),
    ("listTeams", "200", "listTeams", "cursor", "/nextCursor"),
    ("listAudit", "200", "listAudit", "cursor", "/nextCursor"),
    ("registerDevice", "201", "removeDevice", "id", "/id"),
    ("issueSession", "201", "revokeSession", "id", "/id"),
    ("createKey", "201", "rotateKey", "id", "/id"),
    ("createKey", "201", "revokeKey", "id", "/id"),
    ("rotateKey", "201", "revokeKey", "id", "/id"),
    ("createScimUser", "201", "getScimUser", "id", "/id"),
    ("createScimUser", "201", "replaceScimUser", "id", "/id"),
    ("createScimUser", "201", "patchScimUser", "id", "/id"),
    ("createScimUser", "201", "deleteScimUser", "id", "/id"),
    ("createScimGroup", "201", "getScimGroup", "id", "/id"),
    ("createScimGroup", "201", "replaceScimGroup", "id", "/id"),
    ("createScimGroup", "201", "patchScimGroup", "id", "/id"),
    ("createScimGroup", "201", "deleteScimGroup", "id", "/id"),
    ("getTeam", "200", "changeMemberRole", "userId", "/members/0/id"),
];

/// Adds the links of an operation's answers.
pub(super) fn complete(operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (_, status, to, parameter, pointer) in LINKS.iter().filter(|(from, ..)| *from == id) {
        operation["responses"][*status]["links"][*to] = json!({
            "operationId": to,
            "parameters": { *parameter: format!("$response.body#{pointer}") },
        });
    }
}
