//! The server towards clients that are slow, many, gone, or not who they say, and towards who started it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should fail where it stands")]

#[path = "../common/mod.rs"]
mod common;
mod crowds;
mod proxies;
mod slow;
mod supervision;
mod tls;

use std::time::{Duration, Instant};

use crate::common::Server;
use crate::common::client::http;

/// Waits until something holds, at most a quarter of a minute.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(15), "{what} does not come about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The value of a metric that has no labels.
async fn metric(server: &Server, name: &str) -> Option<f64> {
    let text = http().get(format!("{}/metrics", server.url)).send().await.unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}
