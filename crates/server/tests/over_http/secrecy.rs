use serde_json::json;

use crate::common::Folder;
use crate::common::client::Client;
use crate::common::secrecy::holders;

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
        let holders = holders(&log, &secret);
        assert!(holders.is_empty(), "{secret} is in the log: {}", holders[0]);
    }
    assert!(!log.contains("Bearer ey") && !log.contains("q=grace"), "{log}");
}
