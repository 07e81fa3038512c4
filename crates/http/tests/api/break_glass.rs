use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use muster_domain::access::{AccessTokens, Audience};
use muster_domain::audit::Origin;
use muster_domain::break_glass::{AccountName, CreatedAccount};
use serde_json::{Value, json};
use time::Duration;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{Exchange, World};

const SIGN_IN: &str = "/auth/break-glass";

async fn create(world: &World, name: &str) -> CreatedAccount {
    world.api.break_glass.create(AccountName::parse(name).unwrap(), &Origin::system("test")).await.unwrap()
}

fn request(body: Value) -> TestRequest {
    let address: SocketAddr = ([192, 0, 2, 1], 50_000).into();
    TestRequest::post().uri(SIGN_IN).peer_addr(address).set_json(body)
}

async fn sign_in(world: &World, account: &str, password: &str) -> Exchange {
    world.call(request(json!({ "account": account, "password": password }))).await
}

/// The token of a new account's admin.
async fn signed_in(world: &World, name: &str) -> String {
    let created = create(world, name).await;
    let answer = sign_in(world, name, created.password.expose()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["accessToken"].as_str().unwrap().to_owned()
}

async fn ask(world: &World, token: &str, method: Method, path: &str, body: Value) -> Exchange {
    let request = TestRequest::default().method(method).uri(path);
    let request = request.insert_header(("authorization", format!("Bearer {token}")));
    world.call(if body.is_null() { request } else { request.set_json(body) }).await
}

async fn get(world: &World, token: &str, path: &str) -> Exchange {
    ask(world, token, Method::GET, path, Value::Null).await
}

#[actix_web::test]
async fn a_sign_in_gives_a_token_for_half_an_hour() {
    let world = World::production().await;
    let created = create(&world, "Safe").await;
    let before = world.store.audit_trail().len();
    let answer = sign_in(&world, " safe ", created.password.expose()).await;
    assert_snapshot!(answer.show(), @r#"
    200
    content-type: application/json

    {
      "accessToken": "fake-access-token-0",
      "expiresAt": "2026-11-22T12:30:00Z",
      "expiresIn": 1800,
      "tokenType": "Bearer"
    }
    "#);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = answer.json()["accessToken"].as_str().unwrap().to_owned();
    let claims = world.tokens.verify(&token, world.make.now()).unwrap();
    assert_eq!((claims.user_id, claims.audience), (created.user_id, Audience::BreakGlass));

    assert_eq!(world.actions_since(before), ["breakglass.used"]);
    let event = world.last_event();
    assert_eq!(event.details, json!({ "account": "Safe", "adminsTold": 1, "severity": "high" }));
    assert_eq!(event.origin.ip, Some([192, 0, 2, 1].into()));
    assert_eq!(Some(event.origin.request_id.unwrap().as_str()), answer.header("x-request-id"));

    assert_eq!(get(&world, &token, "/api/users").await.status, 200);
    world.make.clock.advance(Duration::minutes(30));
    assert_eq!(get(&world, &token, "/api/users").await.problem(), "unauthenticated");
}

#[actix_web::test]
async fn every_failure_is_one_answer() {
    let world = World::production().await;
    let works = create(&world, "Safe").await;
    let revoked = create(&world, "Old").await;
    assert!(world.api.break_glass.revoke("Old", &Origin::system("test")).await.unwrap());
    let wrong = sign_in(&world, "Safe", "wrong").await;
    assert_snapshot!(wrong.show(), @r#"
    401
    content-type: application/problem+json
    www-authenticate: Bearer

    {
      "detail": "the name or the password is wrong",
      "instance": "[request]",
      "status": 401,
      "title": "The sign-in is refused",
      "type": "urn:muster:problem:sign-in-refused"
    }
    "#);
    let long = "x".repeat(10_000);
    let names = |answer: &Exchange| {
        let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    };
    for (account, password) in [
        ("Safe", ""),
        ("Safe", &long),
        ("Safe", revoked.password.expose()),
        ("Old", revoked.password.expose()),
        ("nobody", works.password.expose()),
        ("ada", ""),
        ("ada@example.com", "wrong"),
    ] {
        let checked = world.passwords.checked();
        let answer = sign_in(&world, account, password).await;
        assert_eq!(answer.show(), wrong.show(), "{account}");
        assert_eq!(names(&answer), names(&wrong), "{account}");
        assert_eq!(answer.text.len(), wrong.text.len(), "{account}");
        assert_eq!(world.passwords.checked(), checked + 1, "{account}");
        assert_eq!(world.last_event().action, "breakglass.refused");
    }
}

#[actix_web::test]
async fn a_body_that_breaks_rules_is_no_attempt() {
    let world = World::production().await;
    let created = create(&world, "Safe").await;
    let password = created.password.expose();
    let before = world.store.audit_trail().len();
    for (body, fields) in [
        (json!({}), &["account"][..]),
        (json!({ "account": "Safe" }), &["password"]),
        (json!({ "password": password }), &["account"]),
        (json!({ "account": "", "password": password }), &["account"]),
        (json!({ "account": "x".repeat(65), "password": password }), &["account"]),
        (json!({ "account": "Sa\u{0}fe", "password": password }), &["account"]),
        (json!({ "account": "Safe", "password": null }), &["password"]),
        (json!({ "account": "Safe", "password": [password] }), &["password"]),
        (json!({ "account": "Safe", "password": password, "otp": password }), &["otp"]),
        (json!({ "account": "Safe", "password": password, password: 1 }), &["body"]),
        (json!(["Safe", password]), &["body"]),
        (json!(password), &["body"]),
    ] {
        let answer = world.call(request(body.clone())).await;
        assert_eq!(answer.fields(), fields, "{body}");
        assert!(!answer.text.contains(password), "{}", answer.text);
    }
    let text = request(Value::Null).insert_header(("content-type", "text/plain"));
    assert_eq!(world.call(text).await.problem(), "unsupported-media-type");
    let large = request(json!({ "account": "Safe", "password": "x".repeat(64 * 1024) }));
    assert_eq!(world.call(large).await.problem(), "payload-too-large");
    let cut = request(Value::Null).set_payload(format!("{{\"account\":\"Safe\",\"password\":\"{password}"));
    let cut = world.call(cut).await;
    assert_eq!(cut.problem(), "malformed-request");
    assert!(!cut.text.contains(password), "{}", cut.text);
    assert_eq!(ask(&world, "", Method::GET, SIGN_IN, Value::Null).await.header("allow"), Some("POST"));

    assert_eq!((world.store.audit_trail().len(), world.passwords.checked()), (before, 0));
    // And of the ten attempts of this address none is used.
    for attempt in 0..10 {
        assert_eq!(sign_in(&world, "Safe", "wrong").await.status, 401, "{attempt}");
    }
    assert_eq!(sign_in(&world, "Safe", "wrong").await.status, 429);
}

#[actix_web::test]
async fn too_many_attempts_say_when_to_come_back() {
    let world = World::production().await;
    let created = create(&world, "Safe").await;
    for _ in 0..10 {
        assert_eq!(sign_in(&world, "nobody", "wrong").await.status, 401);
    }
    world.make.clock.advance(Duration::milliseconds(500));
    let checked = world.passwords.checked();
    assert_snapshot!(sign_in(&world, "Safe", created.password.expose()).await.show(), @r#"
    429
    content-type: application/problem+json
    retry-after: 900

    {
      "detail": "wait, then try again",
      "instance": "[request]",
      "status": 429,
      "title": "Too many sign-ins were tried",
      "type": "urn:muster:problem:too-many-sign-ins"
    }
    "#);
    assert_eq!(world.passwords.checked(), checked);
    let elsewhere = request(json!({ "account": "Safe", "password": created.password.expose() }));
    let elsewhere = elsewhere.peer_addr(([192, 0, 2, 2], 50_000).into());
    assert_eq!(world.call(elsewhere).await.status, 200);
    world.make.clock.advance(Duration::minutes(15));
    assert_eq!(sign_in(&world, "Safe", created.password.expose()).await.status, 200);
}

#[actix_web::test]
async fn a_full_queue_is_503_for_whatever_account() {
    let world = World::production().await;
    let created = create(&world, "Safe").await;
    world.passwords.set_busy(true);
    let answer = sign_in(&world, "Safe", created.password.expose()).await;
    assert_snapshot!(answer.show(), @r#"
    503
    content-type: application/problem+json
    retry-after: 2

    {
      "detail": "try again in a moment",
      "instance": "[request]",
      "status": 503,
      "title": "Too many passwords are being checked",
      "type": "urn:muster:problem:busy"
    }
    "#);
    assert_eq!(sign_in(&world, "nobody", "wrong").await.show(), answer.show());
    world.passwords.set_busy(false);
    assert_eq!(sign_in(&world, "Safe", created.password.expose()).await.status, 200);
}

#[actix_web::test]
async fn what_fails_on_the_server_is_no_refusal() {
    let world = World::production().await;
    let created = create(&world, "Safe").await;
    world.tokens.break_key();
    let answer = sign_in(&world, "Safe", created.password.expose()).await;
    assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"));
    world.store.set_unavailable(true);
    for account in ["Safe", "nobody"] {
        let answer = sign_in(&world, account, created.password.expose()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"));
    }
}

#[actix_web::test]
async fn a_break_glass_admin_manages_others_and_has_nothing_of_their_own() {
    let world = World::production().await;
    let token = signed_in(&world, "Safe").await;
    for path in ["/api/users", "/api/audit", "/api/audit/export", "/api/keys", "/api/teams"] {
        assert_eq!(get(&world, &token, path).await.status, 200, "{path}");
    }
    let person = format!("/api/users/{}", world.grace.id);
    assert_eq!(get(&world, &token, &person).await.status, 200);
    let made = ask(&world, &token, Method::PATCH, &format!("{person}/role"), json!({ "role": "admin" })).await;
    assert_eq!((made.status, &made.json()["role"]), (200, &json!("admin")));

    let me = get(&world, &token, "/api/users/me").await;
    assert_eq!(me.status, 200);
    let me = me.json();
    assert_eq!(json!(world.last_event().origin.actor), json!({ "type": "user", "id": me["id"] }));
    assert_eq!((&me["displayName"], &me["role"]), (&json!("Break-glass: Safe"), &json!("admin")));
    assert_eq!(
        (&me["email"], &me["teams"], &me["verification"]["canBeOnCall"]),
        (&json!(null), &json!([]), &json!(false)),
        "{me}"
    );

    for (method, path) in [
        (Method::GET, "/api/notifications/preferences"),
        (Method::PUT, "/api/notifications/preferences"),
        (Method::GET, "/api/notifications/verification/status"),
        (Method::POST, "/api/notifications/verification/send"),
        (Method::POST, "/api/notifications/verification/verify"),
        (Method::GET, "/api/notifications/devices"),
        (Method::POST, "/api/notifications/devices"),
        (Method::POST, "/api/mobile/token"),
        (Method::GET, "/api/mobile/tokens"),
        (Method::GET, "/scim/v2/Users"),
    ] {
        let answer = ask(&world, &token, method.clone(), path, Value::Null).await;
        assert_eq!(answer.status, 403, "{method} {path} {}", answer.text);
    }
}

#[actix_web::test]
async fn nobody_sees_a_break_glass_admin_in_a_list() {
    let world = World::production().await;
    let token = signed_in(&world, "Safe").await;
    for path in ["/api/users", "/api/users?role=admin", "/api/users?q=safe", "/api/users?q=break-glass", "/api/teams"] {
        let listed = get(&world, &token, path).await;
        assert_eq!(listed.status, 200);
        assert!(!listed.text.to_lowercase().contains("safe"), "{path}: {}", listed.text);
    }
    // Nor is their role anybody's to change.
    let id = get(&world, &token, "/api/users/me").await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/users/{id}/role");
    let demoted = world.ask(&world.ada, Method::PATCH, &path, json!({ "role": "user" })).await;
    assert_eq!(demoted.problem(), "not-found");
}

#[actix_web::test]
async fn a_revoked_account_is_refused_at_once() {
    let world = World::production().await;
    let token = signed_in(&world, "Safe").await;
    assert_eq!(get(&world, &token, "/api/users/me").await.status, 200);
    assert!(world.api.break_glass.revoke("Safe", &Origin::system("test")).await.unwrap());
    for path in ["/api/users/me", "/api/users", "/api/notifications/preferences"] {
        assert_eq!(get(&world, &token, path).await.problem(), "unauthenticated", "{path}");
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[actix_web::test]
async fn each_use_is_a_warning_in_the_log_without_the_password() {
    let log = Log::default();
    let logging = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let _guard = tracing::subscriber::set_default(logging.with_writer(log.clone()).finish());
    let world = World::production().await;
    let created = create(&world, "Safe").await;
    let password = created.password.expose();
    let token = sign_in(&world, "Safe", password).await.json()["accessToken"].as_str().unwrap().to_owned();
    sign_in(&world, "Safe", "wrong-password").await;
    sign_in(&world, "nobody", password).await;
    world.passwords.set_busy(true);
    sign_in(&world, "Safe", password).await;
    world.passwords.set_busy(false);
    world.store.set_unavailable(true);
    sign_in(&world, "Safe", password).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains(" WARN ")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("somebody signed in with a break-glass account account=\"Safe\""), "{}", warnings[0]);
    assert!(!warnings[0].contains("192.0.2.1"), "{}", warnings[0]);
    for secret in [password, "wrong-password", &token] {
        assert!(!log.contains(secret), "{log}");
    }
}
