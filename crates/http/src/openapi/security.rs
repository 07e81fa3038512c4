use serde_json::{Map, Value, json};

/// What a handler writes for the credentials of a person.
const PERSON: &str = "person";
/// Those that there are, by the names of their schemes.
const OF_A_PERSON: [&str; 2] = ["issuerToken", "accessToken"];

/// The schemes, all of them bearer tokens (RFC 6750).
pub(super) fn schemes() -> Value {
    json!({
        "issuerToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the OpenID Connect issuer that the installation trusts (`MUSTER_OIDC_ISSUER`). \
                It stands for the person whose external id is `sub`, else whose user name is the token's e-mail address \
                or user name. Checked as RFC8725 says: by algorithm, issuer, audience and times.",
        },
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of Muster's own, as RFC8725 says and signed with EdDSA: of `POST /api/mobile/token` or \
                `POST /api/mobile/refresh` (15 minutes), or of `POST /auth/break-glass` (30 minutes). Others can check \
                it by `/.well-known/jwks.json`. A break-glass admin has no contacts, devices or sessions of their own, and \
                what is about those answers 403.",
        },
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "mst_key_",
            "description": "An API key of another service, made by `POST /api/keys`. An operation names the scopes of \
                which the key needs one.",
        },
    })
}

/// Spells out who may call, also where that is anybody.
pub(super) fn complete(operation: &mut Map<String, Value>) {
    let mut spelled_out = Vec::new();
    for requirement in operation.get("security").and_then(Value::as_array).into_iter().flatten() {
        if requirement.get(PERSON).is_some() {
            spelled_out.extend(OF_A_PERSON.map(|scheme| json!({ scheme: [] })));
        } else {
            spelled_out.push(requirement.clone());
        }
    }
    operation.insert("security".to_owned(), Value::Array(spelled_out));
}

/// Whether an operation needs a credential.
pub(super) fn needed(operation: &Map<String, Value>) -> bool {
    operation.get("security").and_then(Value::as_array).is_some_and(|all| !all.is_empty())
}
