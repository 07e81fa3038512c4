//! What a request leaves in the log and in the metrics.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use actix_web::dev::Service;
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKeyName, NewKey, Scopes};
use muster_domain::audit::Origin;
use muster_http::app;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Begins to keep what this thread logs.
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let lines = tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).with_writer(log.clone());
        (log, tracing::subscriber::set_default(lines.finish()))
    }

    /// The lines that tell of an answer, each as the request and what came of it.
    fn answers(&self) -> Vec<(Value, Value)> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let answered = lines.filter(|line| line["fields"]["message"] == "answered");
        answered.map(|line| (line["span"].clone(), line["fields"].clone())).collect()
    }
}

#[actix_web::test]
async fn a_request_leaves_one_line_with_whose_it_is_and_what_came_of_it() {
    let world = World::new().await;
    let (log, _guard) = Log::start();
    let answer = world.get(&world.ada, &format!("/api/users/{}", world.grace.id)).await;
    let answers = log.answers();
    let [(request, outcome)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(request["request_id"], answer.header("x-request-id").unwrap());
    assert_eq!((&request["method"], &request["route"]), (&"GET".into(), &"/api/users/{id}".into()));
    assert_eq!(request["principal"], format!("user:{}", world.ada.id));
    assert_eq!(outcome["status"], 200);
    assert!(outcome["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(request.get("trace_id").is_none(), "it has no trace");
}

#[actix_web::test]
async fn whose_a_request_is_shows_for_every_kind_of_caller() {
    let world = World::new().await;
    let (name, scopes) = (ApiKeyName::parse("Pager").unwrap(), Scopes::of(&[Scope::UsersRead]).unwrap());
    let new = NewKey { name, scopes, expires_at: None };
    let key = world.api.access.keys.create(new, &Origin::system("test")).await.unwrap();
    let (log, _guard) = Log::start();
    let with = |credential: &str| {
        TestRequest::get().uri("/api/users").insert_header(("authorization", format!("Bearer {credential}")))
    };
    world.call(with(&key.token.expose())).await;
    world.get(&world.grace, "/api/users/me").await;
    world.get(&world.grace, "/api/users").await;
    world.call(TestRequest::get().uri("/api/users/me")).await;
    world.call(with("not.a.token")).await;
    let told: Vec<_> = log
        .answers()
        .iter()
        .map(|(request, outcome)| (request["principal"].clone(), outcome["status"].clone()))
        .collect();
    let grace = Value::from(format!("user:{}", world.grace.id));
    let expected = [
        (json!("key:Pager"), json!(200)),
        (grace.clone(), json!(200)),
        // Known, and refused.
        (grace, json!(403)),
        (Value::Null, json!(401)),
        (Value::Null, json!(401)),
    ];
    assert_eq!(told, expected);
}

#[actix_web::test]
async fn a_refresh_is_its_owners_request() {
    let world = World::new().await;
    let opened = world.post(&world.grace, "/api/mobile/token", json!({})).await.json();
    let (log, _guard) = Log::start();
    let body = json!({ "refreshToken": opened["refreshToken"] });
    let refreshed = world.call(TestRequest::post().uri("/api/mobile/refresh").set_json(body)).await;
    assert_eq!(refreshed.status, 200);
    assert_eq!(log.answers()[0].0["principal"], format!("user:{}", world.grace.id));
}

/// What was counted since it was asked last, by name and labels.
fn counted(metrics: &Snapshotter) -> BTreeMap<String, u64> {
    let value = |value: DebugValue| match value {
        DebugValue::Counter(count) => count,
        DebugValue::Gauge(_) => 0,
        DebugValue::Histogram(samples) => samples.len() as u64,
    };
    let named = |key: &metrics::Key| {
        let mut labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        format!("{}{{{}}}", key.name().trim_start_matches("muster_"), labels.join(","))
    };
    let all = metrics.snapshot().into_vec().into_iter();
    let all = all.map(|(key, _, _, changed)| (named(key.key()), value(changed)));
    all.filter(|(name, count)| *count > 0 && !name.contains("in_flight")).collect()
}

fn expected(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[actix_web::test]
async fn requests_are_counted_by_template_and_a_fixed_set_of_methods() {
    let world = World::new().await;
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    for id in [world.ada.id, world.grace.id] {
        world.get(&world.ada, &format!("/api/users/{id}")).await;
    }
    world.get(&world.grace, &format!("/api/users/{}", world.ada.id)).await;
    for path in ["/a", "/b?c=d", "/api/users/1/2/3"] {
        world.call(TestRequest::get().uri(path)).await;
    }
    for method in ["BREW", "PROPFIND"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        world.call(TestRequest::default().method(method).uri("/healthz")).await;
    }
    let found = counted(&metrics);
    let requests = found.into_iter().filter(|(name, _)| name.starts_with("http_request")).collect::<BTreeMap<_, _>>();
    assert_eq!(
        requests,
        expected(&[
            ("http_request_seconds{method=GET,route=/api/users/{id}}", 3),
            ("http_request_seconds{method=GET,route=unmatched}", 3),
            ("http_request_seconds{method=other,route=/healthz}", 2),
            ("http_requests_total{method=GET,route=/api/users/{id},status=200}", 2),
            ("http_requests_total{method=GET,route=/api/users/{id},status=403}", 1),
            ("http_requests_total{method=GET,route=unmatched,status=404}", 3),
            ("http_requests_total{method=other,route=/healthz,status=405}", 2),
        ])
    );
}

#[actix_web::test]
async fn a_request_whose_client_hangs_up_is_counted_and_told_of() {
    let world = World::new().await;
    let (log, _log) = Log::start();
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let app = init_service(app(&world.api, &world.edge)).await;
    let request = world.request(&world.grace, Method::GET, "/api/users/me", Value::Null);
    drop(app.call(request.to_request()));
    assert_eq!(counted(&metrics)["http_requests_total{method=GET,route=/api/users/me,status=none}"], 1);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["fields"]["message"], "the client hung up");
    assert_eq!(line["span"]["route"], "/api/users/me");
}

#[actix_web::test]
async fn codes_and_sessions_are_counted_by_what_became_of_them() {
    let world = World::production().await;
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let outcomes = || {
        let all = counted(&metrics).into_iter();
        all.filter(|(name, _)| !name.starts_with("http_")).collect::<BTreeMap<_, _>>()
    };
    world.prove(&world.grace, "email").await;
    world.post(&world.grace, "/api/notifications/verification/send", json!({ "method": "email" })).await;
    world
        .post(&world.grace, "/api/notifications/verification/verify", json!({ "method": "sms", "code": "000000" }))
        .await;
    assert_eq!(
        outcomes(),
        expected(&[
            ("challenges_total{method=email,outcome=completed}", 1),
            ("challenges_total{method=email,outcome=opened}", 1),
            ("challenges_total{method=email,outcome=sent}", 1),
            ("challenges_total{method=sms,outcome=refused}", 1),
            ("codes_refused_total{method=email,reason=tooSoon}", 1),
        ])
    );
    let first = world.post(&world.grace, "/api/mobile/token", json!({})).await.json()["refreshToken"].clone();
    let refresh = async |token: &Value| {
        let request = TestRequest::post().uri("/api/mobile/refresh").set_json(json!({ "refreshToken": token }));
        world.call(request).await
    };
    let second = refresh(&first).await.json()["refreshToken"].clone();
    refresh(&second).await;
    world.make.clock.advance(time::Duration::minutes(5));
    assert_eq!(refresh(&first).await.status, 401);
    assert_eq!(refresh(&second).await.status, 401);
    let account = json!({ "account": "nobody", "password": "wrong" });
    world.call(TestRequest::post().uri("/auth/break-glass").set_json(account)).await;
    assert_eq!(
        outcomes(),
        expected(&[
            ("break_glass_sign_ins_total{outcome=refused}", 1),
            ("sessions_total{outcome=issued}", 1),
            ("sessions_total{outcome=refreshed}", 2),
            ("sessions_total{outcome=refused}", 1),
            ("sessions_total{outcome=replayed}", 1),
        ])
    );
}
