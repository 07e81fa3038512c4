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

/// Sends a head and then the same chunk every tenth of a second, until the server closes the connection. Returns the answer
/// and after which time the connection was closed.
fn drip(url: &str, head: &str, chunk: &[u8]) -> (String, Duration) {
    let mut stream = raw::connect(url).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let (began, mut answer) = (std::time::Instant::now(), Vec::new());
    let mut buffer = [0; 4096];
    while began.elapsed() < Duration::from_secs(20) {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        if stream.write_all(chunk).is_err() {
            break;
        }
    }
    (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
}

#[test]
fn a_body_that_is_refused_is_not_read_to_its_end() {
    let folder = Folder::new();
    let server = folder.serve();
    let chunked = "content-type: application/json\r\ntransfer-encoding: chunked";
    let chunk = b"5\r\nhello\r\n";
    for (request, headers, status) in [
        ("POST /scim/v2/Users", chunked, 401),
        ("POST /api/notifications/devices", chunked, 401),
        ("POST /auth/break-glass", "content-type: text/plain\r\ntransfer-encoding: chunked", 415),
        ("POST /nowhere", chunked, 404),
        ("PUT /healthz", chunked, 405),
        ("GET /healthz", chunked, 200),
    ] {
        let head = format!("{request} HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n");
        let (answer, after) = drip(&server.url, &head, chunk);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{request}: {answer}");
        assert!(after < Duration::from_secs(5), "{request}: closed after {after:?}");
    }
    let head =
        "POST /scim/v2/Users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4000000\r\n\r\n";
    let (answer, after) = drip(&server.url, head, &[b' '; 1000]);
    assert!(answer.starts_with("HTTP/1.1 401 ") && after < Duration::from_secs(5), "{after:?}: {answer}");
}

#[test]
fn a_chunked_body_that_is_read_leaves_the_connection_open() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut stream = raw::connect(&server.url).unwrap();
    let request = "POST /dev/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n1b\r\n{\"email\":\"ada@example.com\"}\r\n0\r\n\r\n";
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).unwrap();
        let answer = raw::read_answer(&mut stream).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.head);
        assert!(!answer.head.contains("connection: close"), "{}", answer.head);
        std::thread::sleep(Duration::from_millis(700));
    }
}

#[test]
fn malformed_heads_are_refused_and_are_no_errors_of_the_server() {
    let folder = Folder::new();
    let server = folder.serve();
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    for (head, status) in [
        (b"garbage\r\n\r\n".as_slice(), 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (large.as_bytes(), 431),
    ] {
        let answer = raw_answer(&server.url, head);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    server.stop();
    let log = folder.log();
    assert!(log.contains("starting") && !log.contains("ERROR"), "{log}");
}
