//! The load generator against a small server.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What a server was asked: the request's line and its body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A server that gives each request the head and body that `answer` makes of it, and closes when the head says so.
fn serve(answer: fn(&str, &str) -> (&'static str, String)) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let noted = Arc::clone(&noted);
            thread::spawn(move || converse(&stream.unwrap(), answer, &noted));
        }
    });
    (target, asked)
}

fn converse(mut stream: &TcpStream, answer: fn(&str, &str) -> (&'static str, String), noted: &Asked) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (first, body) = (first.trim().to_owned(), String::from_utf8(body).unwrap());
        let (head, reply) = answer(&first, &body);
        noted.lock().unwrap().push((first, body));
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{reply}", reply.len());
        stream.write_all(answer.as_bytes()).unwrap();
        if head.contains("close") {
            return;
        }
    }
}

fn load(target: &str, requests: &Path, more: &[&str]) -> (Output, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_bench-load"))
        .args(["--target", target, "--requests", requests.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, report)
}

fn file(folder: &Path, lines: &[Value]) -> std::path::PathBuf {
    let path = folder.join("requests.jsonl");
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn get(path: &str) -> Value {
    json!({ "method": "GET", "path": path, "headers": { "accept": "application/json" }, "body": null })
}

#[test]
fn statuses_are_counted_and_an_unexpected_one_fails_the_run() {
    let (target, _) = serve(|first, _| {
        let head = if first.contains("/wrong") { "404 Not Found" } else { "200 OK" };
        (head, "{}".to_owned())
    });
    let folder = tempfile::tempdir().unwrap();
    let requests = file(folder.path(), &[get("/right"), get("/wrong")]);
    let (output, report) = load(&target, &requests, &["--connections", "1", "--seconds", "0.3"]);
    assert_eq!(output.status.code(), Some(1));
    let (right, wrong) = (&report["statuses"]["200"], &report["statuses"]["404"]);
    assert!(right.as_u64().unwrap() > 0 && wrong.as_u64().unwrap() > 0, "{report}");
    assert_eq!(right.as_u64().unwrap() + wrong.as_u64().unwrap(), report["requests"].as_u64().unwrap());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/wrong got 404: {}"));

    let (output, _) = load(&target, &requests, &["--connections", "1", "--seconds", "0.3", "--expect", "200,404"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn each_connection_sends_its_own_lines() {
    let (target, asked) = serve(|_, _| ("200 OK", "{}".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let requests = file(folder.path(), &[get("/0/{connection}"), get("/1/{connection}"), get("/2/{connection}")]);
    let more = ["--connections", "2", "--seconds", "0.3", "--paths-from-connection"];
    let (output, _) = load(&target, &requests, &more);
    assert_eq!(output.status.code(), Some(0));
    let paths: BTreeSet<String> = asked.lock().unwrap().iter().map(|(first, _)| first.clone()).collect();
    let expected = ["GET /0/0 HTTP/1.1", "GET /1/1 HTTP/1.1", "GET /2/0 HTTP/1.1"];
    assert_eq!(paths, expected.map(str::to_owned).into());
}

#[test]
fn what_is_kept_takes_its_place_in_the_next_body_and_is_written_at_the_end() {
    let (target, asked) = serve(|_, body| {
        let value: Value = serde_json::from_str(body).unwrap();
        let n: u32 = value["refreshToken"].as_str().unwrap().parse().unwrap();
        ("200 OK", json!({ "refreshToken": (n + 1).to_string() }).to_string())
    });
    let folder = tempfile::tempdir().unwrap();
    let line =
        json!({ "method": "POST", "path": "/", "headers": {}, "body": r#"{"refreshToken":"{kept}"}"#, "kept": "7" });
    let requests = file(folder.path(), &[line]);
    let kept = folder.path().join("kept.jsonl");
    let more = ["--connections", "1", "--seconds", "0.3", "--keep", "refreshToken", "--write-kept"];
    let (output, _) = load(&target, &requests, &[&more[..], &[kept.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0));
    let bodies: Vec<String> = asked.lock().unwrap().iter().map(|(_, body)| body.clone()).collect();
    let expected: Vec<String> = (7..7 + bodies.len()).map(|n| format!(r#"{{"refreshToken":"{n}"}}"#)).collect();
    assert!(bodies.len() > 2);
    assert_eq!(bodies, expected);
    let written: Value = serde_json::from_str(&fs::read_to_string(kept).unwrap()).unwrap();
    assert_eq!(written["kept"], (7 + bodies.len()).to_string());
    assert_eq!(written["body"], r#"{"refreshToken":"{kept}"}"#);
}

#[test]
fn a_rate_is_kept_and_each_second_is_written() {
    let (target, _) = serve(|_, _| ("200 OK", "{}".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let requests = file(folder.path(), &[get("/")]);
    let series = folder.path().join("series.jsonl");
    let more = ["--connections", "4", "--seconds", "2", "--warmup", "0.2", "--rate", "200", "--series"];
    let (output, report) = load(&target, &requests, &[&more[..], &[series.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0));
    // 400 are due in those two seconds, and 40 before. A busy machine leaves some unsent, but none is sent ahead of time.
    let [requests, unsent] = ["requests", "unsent"].map(|field| report[field].as_u64().unwrap());
    assert!(requests > 0 && requests <= 401 && (399..=441).contains(&(requests + unsent)), "{report}");
    let rates: Vec<u64> = fs::read_to_string(series)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["rate"].as_u64().unwrap())
        .collect();
    assert!(rates.len() == 2 && rates.iter().sum::<u64>() <= requests, "{rates:?} of {report}");
}

#[test]
fn at_a_rate_the_time_that_a_request_waited_for_a_connection_counts() {
    let (target, _) = serve(|_, _| {
        thread::sleep(std::time::Duration::from_millis(50));
        ("200 OK", "{}".to_owned())
    });
    let folder = tempfile::tempdir().unwrap();
    let requests = file(folder.path(), &[get("/")]);
    // Twice what one connection can do, so that the last request in a second waits half of it.
    let (_, report) = load(&target, &requests, &["--connections", "1", "--seconds", "1", "--rate", "40"]);
    assert!(report["max_ms"].as_f64().unwrap() > 400.0, "{report}");
    assert!(report["unsent"].as_u64().unwrap() > 10, "{report}");
}

#[test]
fn a_connection_that_the_server_closes_is_opened_again_and_is_no_error() {
    let (target, _) = serve(|first, _| {
        let head = if first.contains("/last") { "200 OK\r\nconnection: close" } else { "200 OK" };
        (head, "{}".to_owned())
    });
    let folder = tempfile::tempdir().unwrap();
    let requests = file(folder.path(), &[get("/last"), get("/more")]);
    let (output, report) = load(&target, &requests, &["--connections", "1", "--seconds", "0.3"]);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(report["errors"], 0);
    assert!(report["requests"].as_u64().unwrap() > 2);
}

#[test]
fn a_server_that_is_not_there_fails_the_run() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let requests = file(folder.path(), &[get("/")]);
    let (output, report) = load(&format!("http://{unused}"), &requests, &["--connections", "1", "--seconds", "0.2"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(report["errors"].as_u64().unwrap() > 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("refused"));
}
