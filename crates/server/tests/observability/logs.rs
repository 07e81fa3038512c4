use serde_json::{Value, json};

use crate::common::client::http;
use crate::listener::Listener;
use crate::with_twilio;

/// The lines of a log that tell of answered requests, by their route.
fn answered<'a>(lines: &'a [Value], route: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["message"] == "answered" && line["route"] == route).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn production_logs_one_flat_object_for_each_request() {
    let twilio = Listener::twilio().await;
    let installation = with_twilio(&twilio.url, [("MUSTER_LOG", "info".to_owned())]);
    let server = installation.serve();
    let (clients, _) = installation.sign_in(&server).await;
    let id = clients[0].id().await;
    let refused = http().get(format!("{}/api/users/{id}?q=grace", server.url)).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let nowhere = http().get(format!("{}/nowhere/grace@example.com", server.url)).send().await.unwrap();
    assert_eq!(clients[0].ask_for_code("sms").await.status(), 200);
    assert!(server.stop().success());

    let log = installation.folder.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, text) in lines.iter().zip(log.lines()) {
        assert!(text.starts_with("{\"timestamp\":\"20"), "{text}");
        assert!(line["level"].is_string() && line["message"].is_string() && line["target"].is_string(), "{text}");
        let flat =
            line.as_object().unwrap().iter().all(|(name, value)| !value.is_object() && !name.starts_with("otel"));
        assert!(flat, "{text}");
    }
    let [me] = answered(&lines, "/api/users/me")[..] else { panic!("{log}") };
    assert_eq!((&me["method"], &me["status"]), (&json!("GET"), &json!(200)));
    assert_eq!(me["principal"], format!("user:{id}"));
    assert!(me["duration_ms"].as_f64().unwrap() > 0.0 && me["request_id"].is_string());
    let [user] = answered(&lines, "/api/users/{id}")[..] else { panic!("{log}") };
    assert_eq!((&user["status"], user.get("principal")), (&json!(401), None));
    assert_eq!(user["request_id"], refused.headers()["x-request-id"].to_str().unwrap());
    let [unmatched] = answered(&lines, "unmatched")[..] else { panic!("{log}") };
    assert_eq!(unmatched["request_id"], nowhere.headers()["x-request-id"].to_str().unwrap());
    installation.assert_silent("", &[clients[0].token().to_owned()]);
}
