use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::common::Folder;
use crate::common::client::Client;
use crate::common::raw;

fn raw_answer(url: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_vanish_mid_request_leave_nothing_open() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let token = grace.open_session().await;
    let before = grace.get("/api/users/me").await;
    let refresh = raw::post("/api/mobile/refresh", None, &json!({ "refreshToken": token }));
    let url = server.url.clone();
    let vanishing = tokio::task::spawn_blocking(move || {
        for turn in 0..200 {
            raw::hang_up(&url, &refresh, Duration::from_micros(turn * 50));
        }
        // Half a body, and half a head.
        raw::hang_up(&url, &refresh[..refresh.len() - 5], Duration::ZERO);
        raw::hang_up(&url, &refresh[..20], Duration::ZERO);
    });
    vanishing.await.unwrap();
    // Writes still go through at once, on the connection that was used by those who left.
    for number in 0..5 {
        let device = json!({ "platform": "ios", "token": format!("token-{number}") });
        assert_eq!(grace.post("/api/notifications/devices", device).await.status(), 201);
    }
    assert_eq!(grace.refresh(&token).await.status(), 200, "the token's line of descent is whole");
    assert_eq!(grace.get("/api/users/me").await["id"], before["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_client_vanished_is_sent_and_recorded() {
    let folder = Folder::new();
    let server = folder.serve();
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    let token = Client::sign_in(&server.url, "grace@example.com").await.token().to_owned();
    let mut sends = 0;
    for method in ["email", "sms"] {
        let request = raw::post("/api/notifications/verification/send", Some(&token), &json!({ "method": method }));
        raw::hang_up(&server.url, &request, Duration::from_millis(2));
        sends += 1;
    }
    // What was opened was also sent and recorded; a client may have left before its request was read at all.
    let counts = async || {
        let opened = ada.get("/api/audit?action=contact.verification.opened").await;
        let sent = ada.get("/api/audit?action=contact.verification.sent").await;
        let outbox = ada.get("/dev/outbox").await;
        let items = |page: &serde_json::Value| page["items"].as_array().unwrap().len();
        (items(&opened), items(&sent), outbox.as_array().unwrap().len())
    };
    for _ in 0..100 {
        let (opened, sent, captured) = counts().await;
        if opened == sends && sent == sends && captured == sends {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (opened, sent, captured) = counts().await;
    assert_eq!((opened, sent), (captured, captured));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_sudden_death() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let code = grace.code("email").await;
    assert_eq!(grace.verify("email", &code).await.status(), 200);
    let refresh_token = grace.open_session().await;
    drop(server); // SIGKILL
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let status = grace.get("/api/notifications/verification/status").await;
    assert_eq!(status["email"]["verified"], true);
    assert_eq!(grace.refresh(&refresh_token).await.status(), 200);
    assert_eq!(grace.verify("email", &code).await.status(), 422, "a used code stays used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whom_the_directory_deactivates_is_refused_at_once_and_signed_out() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let token = grace.open_session().await;
    let leaver = json!([{ "userName": "grace@example.com", "active": false }]).to_string();
    let file = folder.write("people.json", leaver);
    let ended = folder.run(&["import", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{} {}", ended.out, ended.err);
    assert_eq!(grace.send(reqwest::Method::GET, "/api/users/me", None).await.status(), 401);
    assert_eq!(grace.refresh(&token).await.status(), 401);
    let back = folder.write("people.json", json!([{ "userName": "grace@example.com", "active": true }]).to_string());
    assert_eq!(folder.run(&["import", back.to_str().unwrap()]).code, Some(0));
    assert_eq!(grace.send(reqwest::Method::GET, "/api/users/me", None).await.status(), 200);
    assert_eq!(grace.refresh(&token).await.status(), 401, "reactivation restores the person but no session");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_framework_refuses_is_a_problem_too() {
    let folder = Folder::new();
    let server = folder.serve();
    let head = "POST /api/mobile/refresh HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let too_long = raw_answer(&server.url, format!("{head}content-length: 65537\r\n\r\n").as_bytes());
    assert!(too_long.starts_with("HTTP/1.1 413") && too_long.contains("payload-too-large"), "{too_long}");
    let chunk = "x".repeat(65_537);
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n10001\r\n{chunk}\r\n0\r\n\r\n");
    let chunked = raw_answer(&server.url, chunked.as_bytes());
    assert!(chunked.starts_with("HTTP/1.1 413") && chunked.contains("payload-too-large"), "{chunked}");
    let broken = raw_answer(&server.url, format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n").as_bytes());
    assert!(broken.starts_with("HTTP/1.1 400") && broken.contains("malformed-request"), "{broken}");
    let bytes =
        raw_answer(&server.url, b"GET /api/users/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \xff\xfe\r\n\r\n");
    assert!(bytes.starts_with("HTTP/1.1 401") && bytes.contains("unauthenticated"), "{bytes}");
}
