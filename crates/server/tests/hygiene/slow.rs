use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::client::Client;
use crate::common::{Folder, Server, raw};
use crate::{eventually, metric};

/// A refresh that announces a body and sends the beginning of it.
fn half_a_body(server: &Server) -> TcpStream {
    let mut stream = raw::connect(&server.url).unwrap();
    let head = "POST /api/mobile/refresh HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100";
    write!(stream, "{head}\r\n\r\n{{\"refresh").unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_cut_off_however_it_drips() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut silent = raw::connect(&server.url).unwrap();
    let mut dripping = raw::connect(&server.url).unwrap();
    write!(dripping, "GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
    let began = Instant::now();
    let writer = dripping.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        let mut writer = writer;
        while began.elapsed() < Duration::from_secs(20) && write!(writer, "x-a: b\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    for stream in [&mut silent, &mut dripping] {
        let mut told = Vec::new();
        // It may be reset while the last drops are on their way.
        let _ = stream.read_to_end(&mut told);
        let took = began.elapsed();
        assert!(took > Duration::from_secs(8) && took < Duration::from_secs(16), "{took:?}");
        let told = String::from_utf8(told).unwrap();
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408 "), "{told}");
    }
    drip.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_keep_nobody_from_being_served_and_are_cut_off() {
    let folder = Folder::new();
    let server = folder.serve_with(&[("MUSTER_MAX_REQUESTS", "2")]);
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    let began = Instant::now();
    let slow: Vec<_> = (0..8).map(|_| half_a_body(&server)).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..20 {
        assert_eq!(ada.get("/api/users/me").await["userName"], "ada@example.com");
    }
    assert_eq!(metric(&server, "muster_http_requests_in_flight").await, Some(0.0));
    for mut stream in slow {
        let answer = raw::read_answer(&mut stream).unwrap();
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &problem["type"]), (408, &Value::from("urn:muster:problem:request-timeout")));
    }
    let took = began.elapsed();
    assert!(took > Duration::from_secs(9) && took < Duration::from_secs(16), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_in_the_middle_leaves_nothing_under_way() {
    let folder = Folder::new();
    let server = folder.serve();
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    for _ in 0..20 {
        drop(half_a_body(&server));
        let head = format!("GET /api/users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", ada.token());
        raw::hang_up(&server.url, &head, Duration::ZERO);
    }
    eventually("an idle server", async || metric(&server, "muster_http_requests_in_flight").await == Some(0.0)).await;
    assert_eq!(ada.get("/api/users/me").await["userName"], "ada@example.com");
    assert!(!folder.log().contains("panicked"), "{}", folder.log());
}
