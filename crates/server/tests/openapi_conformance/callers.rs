use serde_json::{Value, json};

use crate::belongings::{Belongings, ids, key};
use crate::common::client::{Client, body};
use crate::fuzzer::{Fuzzer, Outcome};
use crate::installation::Installation;

/// What the document says of who may call.
struct Doors(Value);

impl Doors {
    async fn of(installation: &Installation) -> Self {
        Self(Client::with_token(&installation.server.url, "").get("/openapi.json").await)
    }

    fn security(&self, operation: &str) -> &Vec<Value> {
        let (method, path) = operation.split_once(' ').unwrap();
        self.0["paths"][path][method.to_lowercase()]["security"].as_array().unwrap()
    }

    /// Whether an operation takes no credential.
    fn is_public(&self, operation: &str) -> bool {
        self.security(operation).is_empty()
    }

    /// Whether a key with that scope opens it.
    fn opens_to(&self, scope: &str, operation: &str) -> bool {
        let names_it = |door: &Value| door["apiKey"].as_array().is_some_and(|scopes| scopes.contains(&json!(scope)));
        self.is_public(operation) || self.security(operation).iter().any(names_it)
    }
}

/// Whether an operation is for admins, or for services with their scopes.
fn is_for_admins(operation: &str) -> bool {
    let prefixes = ["/api/keys", "/api/audit"];
    let (_, path) = operation.split_once(' ').unwrap();
    let all = ["GET /api/users", "PATCH /api/users/{id}/role"];
    all.contains(&operation) || prefixes.iter().any(|prefix| path.starts_with(prefix))
}

fn is_scim(operation: &str) -> bool {
    operation.contains(" /scim/v2/")
}

/// What can only succeed with something that no document can describe.
const WITH_LUCK: [&str; 4] = [
    // The code that was sent last.
    "POST /api/notifications/verification/verify",
    // A name and a password that belong together.
    "POST /auth/break-glass",
    // A token that nobody has used yet.
    "POST /api/mobile/refresh",
    // The e-mail address of somebody.
    "POST /dev/login",
];

/// Tries everything as a person who owns something.
async fn as_person(
    installation: &Installation,
    name: &str,
    person: &Client,
    admin: &Client,
    arguments: &[&str],
) -> Outcome {
    let own = Belongings::of(person).await;
    let known = [
        ("users", ids(admin, "/api/users").await),
        ("teams", ids(admin, "/api/teams").await),
        ("keys", vec![key(admin).await, key(admin).await, key(admin).await]),
        ("devices", vec![own.device]),
        ("sessions", vec![own.session]),
        ("refresh-tokens", vec![own.refresh_token]),
        ("passwords", vec![installation.break_glass("safe")]),
    ];
    Fuzzer { name, caller: Some(person), person: Some(&own.user), known: &known, arguments }.run(installation)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_answered_as_the_document_says() {
    let installation = Installation::development();
    let (linus, ada) = (installation.sign_in("linus@example.com").await, installation.sign_in("ada@example.com").await);
    let outcome = as_person(&installation, "a user", &linus, &ada, &[]).await;
    // Roles within a team are for its team admins.
    let for_others = |operation: &str| {
        is_for_admins(operation) || is_scim(operation) || operation == "PATCH /api/teams/{id}/members/{userId}"
    };
    outcome.assert_succeeded_with(|operation| !for_others(operation), &WITH_LUCK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_is_answered_as_the_document_says() {
    let installation = Installation::development();
    let ada = installation.sign_in("ada@example.com").await;
    let outcome = as_person(&installation, "an admin", &ada, &ada, &[]).await;
    outcome.assert_succeeded_with(|operation| !is_scim(operation), &WITH_LUCK);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_credential_is_answered_as_the_document_says() {
    let installation = Installation::development();
    let doors = Doors::of(&installation).await;
    let outcome = Fuzzer { name: "nobody", caller: None, person: None, known: &[], arguments: &[] }.run(&installation);
    outcome.assert_succeeded_with(|operation| doors.is_public(operation), &WITH_LUCK);
}

/// Services with one scope each: it opens what the document says, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_answered_as_the_document_says() {
    let installation = Installation::development();
    let doors = Doors::of(&installation).await;
    let ada = installation.sign_in("ada@example.com").await;
    let known = [("users", ids(&ada, "/api/users").await), ("teams", ids(&ada, "/api/teams").await)];
    // Most is refused whatever is sent, as to the others.
    let few = ["--max-examples", "8", "--mode", "positive", "--phases", "examples,fuzzing"];
    for scope in ["users:read", "readiness:read", "audit:read"] {
        let service = installation.service(scope);
        let fuzzer = Fuzzer { name: scope, caller: Some(&service), person: None, known: &known, arguments: &few };
        let outcome = fuzzer.run(&installation);
        outcome.assert_succeeded_with(|operation| doors.opens_to(scope, operation), &WITH_LUCK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_answered_as_the_document_says() {
    let installation = Installation::development();
    let doors = Doors::of(&installation).await;
    let directory = installation.service("scim");
    let known =
        [("users", ids(&directory, "/scim/v2/Users").await), ("groups", ids(&directory, "/scim/v2/Groups").await)];
    let outcome =
        Fuzzer { name: "the directory", caller: Some(&directory), person: None, known: &known, arguments: &[] }
            .run(&installation);
    outcome.assert_succeeded_with(|operation| doors.opens_to("scim", operation), &WITH_LUCK);
}

/// PostgreSQL is where NUL and numbers and times at the ends of their ranges come to light, and the limits are on.
#[tokio::test(flavor = "multi_thread")]
async fn production_answers_as_the_document_says() {
    let installation = Installation::production("ada@example.com").await;
    let (ada, directory) = (installation.sign_in("ada@example.com").await, installation.service("scim"));
    let users = ids(&directory, "/scim/v2/Users").await;
    let members: Vec<_> = users.iter().map(|id| json!({ "value": id })).collect();
    let team = json!({ "displayName": "Platform", "members": members });
    let team = body(directory.post("/scim/v2/Groups", team).await).await;
    let few = ["--phases", "examples,coverage"];
    let outcome = as_person(&installation, "an admin in production", &ada, &ada, &few).await;
    outcome.assert_refused_elsewhere(|operation| !is_scim(operation));

    let doors = Doors::of(&installation).await;
    let known = [("users", users), ("groups", vec![team["id"].as_str().unwrap().to_owned()])];
    let name = "the directory in production";
    let fuzzer = Fuzzer { name, caller: Some(&directory), person: None, known: &known, arguments: &few };
    fuzzer.run(&installation).assert_refused_elsewhere(|operation| doors.opens_to("scim", operation));

    let name = "nobody in production";
    // From an address that a proxy vouches for: one that is not public would not be limited.
    // Whoever is made to wait is not told to authenticate, which one check would have.
    let from = ["--header", "X-Forwarded-For: 9.9.9.9", "--exclude-checks", "missing_required_header"];
    let from = [&few[..], &from].concat();
    let outcome = Fuzzer { name, caller: None, person: None, known: &[], arguments: &from }.run(&installation);
    outcome.assert_refused_elsewhere(|operation| doors.is_public(operation));
    assert!(outcome.count(429) > 0, "more than 600 requests without a credential in a minute");
}

/// What a document claims wrongly is found, each by the check that is there for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_lies_is_found() {
    let installation = Installation::development();
    let linus = installation.sign_in("linus@example.com").await;
    let mut document = linus.get("/openapi.json").await;
    let mut answers = |path: &str, change: &dyn Fn(&mut Value)| change(&mut document["paths"][path]["get"]);
    answers("/api/users/me", &|get| {
        let answer = get["responses"].as_object_mut().unwrap().remove("200").unwrap();
        get["responses"]["299"] = answer;
    });
    answers("/api/teams", &|get| {
        let content = get["responses"]["200"]["content"].as_object_mut().unwrap();
        let json = content.remove("application/json").unwrap();
        content.insert("application/xml".to_owned(), json);
    });
    answers("/api/mobile/tokens", &|get| {
        let schema = json!({ "type": "object", "required": ["nothing of this name"] });
        get["responses"]["200"]["content"]["application/json"]["schema"] = schema;
    });
    answers("/healthz", &|get| get["security"] = json!([{ "accessToken": [] }]));
    let lies = installation.folder.write("lies.json", document.to_string());
    let fuzzer = Fuzzer { name: "a reader of lies", caller: Some(&linus), person: None, known: &[], arguments: &[] };
    let tried = "^(/api/users/me|/api/teams|/api/mobile/tokens|/healthz)$";
    let (report, said) = fuzzer.report(&installation, lies.to_str().unwrap(), &["--include-path-regex", tried]);
    let failures = report["failures"].as_array().unwrap();
    for (kind, operation) in [
        ("UndefinedStatusCode", "GET /api/users/me"),
        ("UndefinedContentType", "GET /api/teams"),
        ("JsonSchemaError", "GET /api/mobile/tokens"),
        ("IgnoredAuth", "GET /healthz"),
    ] {
        let found = failures.iter().find(|failure| failure["type"] == kind);
        let operations = found.map(|failure| failure["operations"].as_array().unwrap());
        assert!(operations.is_some_and(|found| found.contains(&json!(operation))), "{kind} was missed: {said}");
    }
}
