use serde_json::json;

use crate::common::Folder;
use crate::common::client::Client;

/// At the finest level of logging, for what an operator turns on at three in the morning.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_holds_a_credential_a_code_or_a_whole_contact() {
    let folder = Folder::new();
    let server = folder.serve_with(&[("MUSTER_LOG", "trace")]);
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let mut secrets = vec!["grace@example.com".to_owned(), "+12025550101".to_owned(), "a-push-token".to_owned()];
    let device = json!({ "platform": "android", "token": "a-push-token" });
    assert_eq!(grace.post("/api/notifications/devices", device).await.status(), 201);
    for method in ["email", "sms", "push"] {
        let code = grace.code(method).await;
        assert_eq!(grace.verify(method, &code).await.status(), 200);
        secrets.push(code);
    }
    let token = grace.open_session().await;
    assert_eq!(grace.refresh(&token).await.status(), 200);
    secrets.push(token);
    grace.send(reqwest::Method::GET, "/api/users?q=grace%40example.com", None).await;
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    ada.get("/api/users?q=grace%40example.com").await;
    assert!(server.stop().success());
    let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert!(log.contains("/api/mobile/refresh"), "the log tells of requests:\n{log}");
    for secret in secrets {
        let holders: Vec<&str> = log.lines().filter(|line| holds(line, &secret)).collect();
        assert!(holders.is_empty(), "{secret} is in the log: {}", holders[0]);
    }
    assert!(!log.contains("Bearer ey") && !log.contains("q=grace"), "{log}");
}

/// Whether a line of the log has `secret` in it, standing alone: a code's six digits are also found within an id. The
/// time, which the line begins with, does not count.
fn holds(line: &str, secret: &str) -> bool {
    let text = line.split_once(' ').map_or(line, |(_, text)| text);
    let part_of_a_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(secret).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + secret.len()..]);
        !part_of_a_word(before.chars().next_back()) && !part_of_a_word(after.chars().next())
    })
}

#[test]
fn a_secret_in_a_log_would_be_found() {
    assert!(holds("2026-11-22T16:36:16.042917Z TRACE code=042917", "042917"));
    assert!(holds("2026-11-22T16:36:16Z INFO sent to \"grace@example.com\"", "grace@example.com"));
    assert!(!holds("2026-11-22T16:36:16.042917Z INFO id=01a0429170", "042917"));
}
