//! A tour of the API, from which the examples of the OpenAPI document come.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKeyName, NewKey, Scopes};
use muster_domain::audit::Origin;
use muster_domain::break_glass::AccountName;
use muster_domain::user::User;
use muster_http::{Development, Outbox, OutboxMessage};
use muster_testkit::Answer;
use serde_json::{Map, Value, json};
use time::macros::datetime;

use crate::conformance;
use crate::world::World;

const KEPT: &str = include_str!("../../src/openapi/examples.json");
/// What stands in place of the tokens that the tests' own signer makes.
const TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl";
const SCIM: &str = "application/scim+json";

/// What was met, by operation and status.
#[derive(Default)]
struct Tour(Map<String, Value>);

impl Tour {
    /// Makes a request of an operation and keeps what is sent and what comes back.
    async fn visit(&mut self, world: &World, id: &str, request: TestRequest, body: Option<Value>) -> Value {
        let content_type = if id.contains("Scim") { SCIM } else { "application/json" };
        let request = request.peer_addr(SocketAddr::from(([203, 0, 113, 7], 50_000)));
        let request = request.insert_header(("user-agent", "curl/8.5.0"));
        let request = match &body {
            Some(body) => request.insert_header(("content-type", content_type)).set_payload(body.to_string()),
            None => request,
        };
        let answer = world.call(request).await;
        assert!(answer.status < 300, "{id}: {} {}", answer.status, answer.text);
        let lines = answer.header("content-type") == Some("application/x-ndjson");
        let told = if answer.text.is_empty() { Value::Null } else { answer.json() };
        let kept = self.0.entry(id.to_owned()).or_insert_with(|| json!({}));
        if let Some(body) = body {
            kept["request"] = body;
        }
        if !answer.text.is_empty() {
            let shown = presentable(told.clone());
            kept[answer.status.to_string()] = if lines { format!("{shown}\n").into() } else { shown };
        }
        told
    }

    /// The same of a person's.
    async fn ask(&mut self, world: &World, user: &User, id: &str, path: &str, body: Value) -> Value {
        let method = operation_method(id);
        let body = if body.is_null() { None } else { Some(body) };
        self.visit(world, id, world.request(user, method, path, Value::Null), body).await
    }
}

/// The method of an operation, as the document has it.
fn operation_method(id: &str) -> Method {
    let document = muster_http::openapi(true);
    let items = document["paths"].as_object().unwrap().values();
    let mut operations = items.flat_map(|item| item.as_object().unwrap());
    let (method, _) = operations.find(|(_, operation)| operation["operationId"] == id).unwrap();
    method.to_uppercase().parse().unwrap()
}

/// Without what varies from run to run or is the fakes' own.
fn presentable(mut value: Value) -> Value {
    match &mut value {
        Value::String(text) if text.starts_with("fake-access-token-") => TOKEN.clone_into(text),
        Value::Object(members) => {
            // Of SCIM's members; tools would follow it, out of the document.
            members.remove("$ref");
            for (name, member) in members {
                let one = if name == "requestId" && member.is_string() {
                    "019aabc4-7c4b-7a51-9d0b-6f0d7f0f9a10".into()
                } else {
                    presentable(member.take())
                };
                *member = one;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = presentable(item.take())),
        _ => {}
    }
    value
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[actix_web::test]
async fn examples_are_what_the_api_takes_and_gives() {
    let mut tour = Tour::default();
    let world = World::production().await;
    contacts(&mut tour, &world).await;
    people(&mut tour, &world).await;
    sessions(&mut tour, &world).await;
    keys(&mut tour, &world).await;
    directory(&mut tour, &world).await;
    development(&mut tour).await;
    let met = serde_json::to_string_pretty(&tour.0).unwrap() + "\n";
    if met != KEPT {
        let new = concat!(env!("CARGO_TARGET_TMPDIR"), "/examples.json");
        std::fs::write(new, met).unwrap();
        panic!("renew them: cp {new} crates/http/src/openapi/examples.json, and then docs/openapi.json");
    }
}

async fn contacts(tour: &mut Tour, world: &World) {
    let grace = &world.grace;
    let mut preferences = tour.ask(world, grace, "getPreferences", "/api/notifications/preferences", Value::Null).await;
    preferences["quietHours"] =
        json!({ "start": "22:00", "end": "07:00", "timeZone": "Europe/London", "days": ["mon", "tue"] });
    tour.ask(world, grace, "putPreferences", "/api/notifications/preferences", preferences).await;
    let device = json!({
        "platform": "ios", "token": "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad",
        "name": "Grace's phone", "appVersion": "4.2.0",
    });
    tour.ask(world, grace, "registerDevice", "/api/notifications/devices", device.clone()).await;
    let device = tour.ask(world, grace, "registerDevice", "/api/notifications/devices", device).await;
    let send = "/api/notifications/verification/send";
    world.prove(grace, "email").await;
    tour.ask(world, grace, "sendCode", send, json!({ "method": "sms" })).await;
    let code = world.sender.last_code().unwrap();
    tour.ask(world, grace, "getVerificationStatus", "/api/notifications/verification/status", Value::Null).await;
    let body = json!({ "method": "sms", "code": code.expose() });
    tour.ask(world, grace, "verifyCode", "/api/notifications/verification/verify", body).await;
    tour.ask(world, grace, "listDevices", "/api/notifications/devices", Value::Null).await;
    tour.ask(world, grace, "getMe", "/api/users/me", Value::Null).await;
    let path = format!("/api/notifications/devices/{}", id(&device));
    tour.ask(world, grace, "removeDevice", &path, Value::Null).await;
}

async fn people(tour: &mut Tour, world: &World) {
    let (ada, linus) = (&world.ada, world.linus.id);
    tour.ask(world, ada, "listUsers", "/api/users?limit=1", Value::Null).await;
    tour.ask(world, ada, "getUser", &format!("/api/users/{}", world.grace.id), Value::Null).await;
    tour.ask(world, ada, "changeRole", &format!("/api/users/{linus}/role"), json!({ "role": "admin" })).await;
    let teams = tour.ask(world, ada, "listTeams", "/api/teams?limit=1", Value::Null).await;
    let team = format!("/api/teams/{}", id(&teams["items"][0]));
    tour.ask(world, ada, "getTeam", &team, Value::Null).await;
    let member = format!("{team}/members/{}", world.grace.id);
    tour.ask(world, ada, "changeMemberRole", &member, json!({ "role": "team_admin" })).await;
    tour.ask(world, ada, "listAudit", "/api/audit?action=role.changed&limit=1", Value::Null).await;
    let records = format!("/api/users/{}/audit?area=channels&limit=1", world.grace.id);
    tour.ask(world, &world.grace, "listUserAudit", &records, Value::Null).await;
    let export = TestRequest::get().uri("/api/audit/export?action=team.role.changed");
    let export = export.insert_header(("authorization", format!("Bearer {}", world.token(ada.id))));
    tour.visit(world, "exportAudit", export, None).await;
    for (id, path) in [("getHealth", "/healthz"), ("getReadiness", "/readyz")] {
        tour.visit(world, id, TestRequest::get().uri(path), None).await;
    }
}

async fn sessions(tour: &mut Tour, world: &World) {
    let grace = &world.grace;
    let phone = json!({ "deviceName": "Grace's phone" });
    let issued = tour.ask(world, grace, "issueSession", "/api/mobile/token", phone).await;
    tour.ask(world, grace, "listSessions", "/api/mobile/tokens", Value::Null).await;
    let body = json!({ "refreshToken": issued["refreshToken"] });
    tour.visit(world, "refreshSession", TestRequest::post().uri("/api/mobile/refresh"), Some(body.clone())).await;
    let path = format!("/api/mobile/tokens/{}", id(&issued));
    tour.ask(world, grace, "revokeSession", &path, Value::Null).await;
    tour.visit(world, "signOut", TestRequest::delete().uri("/api/mobile/token"), Some(body)).await;
    let name = AccountName::parse("safe").unwrap();
    let created = world.api.break_glass.create(name, &Origin::system("test")).await.unwrap();
    let body = json!({ "account": "safe", "password": created.password.expose() });
    tour.visit(world, "signInBreakGlass", TestRequest::post().uri("/auth/break-glass"), Some(body)).await;
}

async fn keys(tour: &mut Tour, world: &World) {
    let ada = &world.ada;
    let body = json!({ "name": "Statuspage", "scopes": ["readiness:read"], "expiresAt": "2027-11-22T12:00:00Z" });
    let key = tour.ask(world, ada, "createKey", "/api/keys", body).await;
    tour.ask(world, ada, "listKeys", "/api/keys", Value::Null).await;
    let path = format!("/api/keys/{}/rotate", id(&key));
    let successor = tour.ask(world, ada, "rotateKey", &path, json!({ "overlapSeconds": 3600 })).await;
    tour.ask(world, ada, "revokeKey", &format!("/api/keys/{}", id(&successor)), Value::Null).await;
}

async fn directory(tour: &mut Tour, world: &World) {
    let new = NewKey {
        name: ApiKeyName::parse("Okta").unwrap(),
        scopes: Scopes::of(&[Scope::Scim]).unwrap(),
        expires_at: None,
    };
    let key = world.api.access.keys.create(new, &Origin::system("test")).await.unwrap().token.expose().to_string();
    let at = |id: &str, path: &str| {
        let request = TestRequest::default().method(operation_method(id)).uri(&format!("/scim/v2{path}"));
        request.insert_header(("authorization", format!("Bearer {key}")))
    };
    let person = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "externalId": "00u1", "userName": "hedy@example.com",
        "name": { "givenName": "Hedy", "familyName": "Lamarr" }, "active": true,
        "emails": [{ "value": "hedy@example.com", "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "+12025550111", "type": "mobile" }], "timezone": "Europe/Vienna", "locale": "de-AT",
    });
    let user = tour.visit(world, "createScimUser", at("createScimUser", "/Users"), Some(person.clone())).await;
    let team = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "externalId": "00g1", "displayName": "Night",
        "members": [{ "value": id(&user) }],
    });
    let group = tour.visit(world, "createScimGroup", at("createScimGroup", "/Groups"), Some(team.clone())).await;
    for (kind, one, list, body, name) in [
        ("User", &user, "/Users", &person, "userName eq \"hedy@example.com\""),
        ("Group", &group, "/Groups", &team, "displayName eq \"Night\""),
    ] {
        let path = format!("{list}/{}", id(one));
        let list_id = format!("listScim{kind}s");
        tour.visit(world, &list_id, at(&list_id, &format!("{list}?count=1")), None).await;
        let search = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": name, "count": 10,
        });
        let search_id = format!("searchScim{kind}s");
        tour.visit(world, &search_id, at(&search_id, &format!("{list}/.search")), Some(search)).await;
        let get = format!("getScim{kind}");
        tour.visit(world, &get, at(&get, &path), None).await;
        let replace = format!("replaceScim{kind}");
        tour.visit(world, &replace, at(&replace, &path), Some(body.clone())).await;
        let change_id = format!("patchScim{kind}");
        let (changed, value) = if kind == "User" { ("active", json!(false)) } else { ("displayName", json!("Nights")) };
        let change = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": changed, "value": value }],
        });
        tour.visit(world, &change_id, at(&change_id, &format!("{path}?excludedAttributes=members")), Some(change))
            .await;
    }
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "externalId sw \"00\"", "count": 10,
    });
    tour.visit(world, "searchScim", at("searchScim", "/.search"), Some(search)).await;
    for (id, path) in [
        ("getScimServiceProviderConfig", "/ServiceProviderConfig"),
        ("listScimResourceTypes", "/ResourceTypes"),
        ("getScimResourceType", "/ResourceTypes/User"),
        ("listScimSchemas", "/Schemas"),
        ("getScimSchema", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group"),
    ] {
        tour.visit(world, id, at(id, path), None).await;
    }
}

/// One message, which was captured.
struct OneMessage;

impl Outbox for OneMessage {
    fn messages(&self) -> Vec<OutboxMessage> {
        vec![OutboxMessage {
            id: "1".to_owned(),
            channel: "sms".to_owned(),
            to: "+12025550100".to_owned(),
            subject: None,
            body: "042917 is your code for Muster".to_owned(),
            at: datetime!(2026-11-22 12:00 UTC),
        }]
    }
}

async fn development(tour: &mut Tour) {
    let world = World::start(Answer::Capture, Some(Development { outbox: Arc::new(OneMessage) })).await;
    let login = TestRequest::post().uri("/dev/login").insert_header(("host", "localhost"));
    tour.visit(&world, "developmentLogin", login, Some(json!({ "email": "ada@example.com" }))).await;
    let outbox = TestRequest::get().uri("/dev/outbox").insert_header(("host", "localhost"));
    tour.visit(&world, "listOutbox", outbox, None).await;
}

/// Every body and every answer that is JSON shows one, and it is as its schema says.
#[test]
fn every_body_has_an_example_that_fits() {
    let document = muster_http::openapi(true);
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().into_iter().flat_map(|responses| responses.values());
            for holder in responses.chain(operation.get("requestBody")) {
                for (content_type, content) in holder.get("content").and_then(Value::as_object).into_iter().flatten() {
                    if !content_type.ends_with("json") || path == "/openapi.json" {
                        continue;
                    }
                    let example = content.get("example").unwrap_or_else(|| panic!("{path} lacks one: {content}"));
                    let faults = conformance::faults(&content["schema"], example, path);
                    assert!(faults.is_empty(), "{faults:?}");
                    seen += 1;
                }
            }
        }
    }
    let shared = document["components"]["responses"].as_object().unwrap();
    for content in shared.values().flat_map(|response| response["content"].as_object().unwrap().values()) {
        let examples = content.get("examples").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
        for example in examples.map(|example| &example["value"]).chain(content.get("example")) {
            let faults = conformance::faults(&content["schema"], example, "shared");
            assert!(faults.is_empty(), "{faults:?}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}
