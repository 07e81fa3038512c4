use std::io::Write;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::common::client::{Client, at_once, http};
use crate::common::{Folder, raw};
use crate::metric;

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_may_be_at_once_are_shed_and_watching_goes_on() {
    let folder = Folder::new();
    let server = folder.serve_with(&[("MUSTER_MAX_REQUESTS", "1")]);
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    let answers = at_once(60, || {
        let ada = ada.clone();
        async move { ada.send(Method::GET, "/api/users", None).await }
    });
    let watching = at_once(20, || {
        let request = http().get(format!("{}/healthz", server.url));
        async move { request.send().await.unwrap().status() }
    });
    let (answers, watching) = tokio::join!(answers, watching);
    assert!(watching.iter().all(|status| *status == 200));
    let mut shed = 0;
    for answer in answers {
        if answer.status() == 200 {
            continue;
        }
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
        assert_eq!(answer.json::<Value>().await.unwrap()["type"], "urn:muster:problem:overloaded");
        shed += 1;
    }
    assert!((1..60).contains(&shed), "{shed} of 60 were shed");
    assert_eq!(metric(&server, "muster_http_requests_shed_total").await, Some(f64::from(shed)));
    assert_eq!(metric(&server, "muster_http_requests_in_flight").await, Some(0.0));
    assert_eq!(ada.get("/api/users/me").await["userName"], "ada@example.com", "it is over");
}

#[test]
fn more_connections_than_may_be_open_wait_until_others_close() {
    let folder = Folder::new();
    let server = folder.serve_with(&[("MUSTER_MAX_CONNECTIONS", "4")]);
    let ask = |stream: &mut std::net::TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        raw::read_answer(stream).is_some()
    };
    let mut streams: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = raw::connect(&server.url).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            stream
        })
        .collect();
    let answered: Vec<bool> = streams.iter_mut().map(ask).collect();
    let count = answered.iter().filter(|answered| **answered).count();
    // One more of each worker's may be accepted when it is found to be full.
    assert!((1..=8).contains(&count), "{count} of 20 were served");
    let mut waiting = streams.split_off(answered.iter().rposition(|answered| *answered).unwrap() + 1);
    drop(streams);
    let mut next = waiting.remove(0);
    assert!(ask(&mut next), "there is room again");
}

#[test]
fn clients_never_take_the_descriptors_that_the_server_needs_itself() {
    const FILES: usize = 256;
    let folder = Folder::new();
    let limited = format!("ulimit -n {FILES} && exec \"$0\"");
    let server = folder.start(folder.muster_under("sh", &["-c", &limited]));
    let mut open = raw::connect(&server.url).unwrap();
    let mut is_ready = || {
        open.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        raw::read_answer(&mut open).unwrap().status == 200
    };
    assert!(is_ready());
    let crowd: Vec<_> = (0..400).map(|_| raw::connect(&server.url).unwrap()).collect();
    std::thread::sleep(Duration::from_secs(1));
    let taken = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count();
    assert!(taken > FILES / 2 && taken <= FILES - 16, "{taken} descriptors are open");
    assert!(is_ready(), "who is in is served");
    drop(crowd);
    let mut next = raw::connect(&server.url).unwrap();
    next.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_eq!(raw::read_answer(&mut next).unwrap().status, 200, "there is room again");
    assert!(!folder.log().contains("Too many open files"), "{}", folder.log());
}
