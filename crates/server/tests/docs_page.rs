//! The page that shows the API's document, in a browser that holds to what the server tells it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

mod common;

use std::process::Command;

use serde_json::Value;

use crate::common::Folder;
use crate::common::client::http;

/// Opens a page in Chromium and returns what it became, and what the browser had to say.
fn open(url: &str, folder: &Folder) -> (String, String) {
    let profile = format!("--user-data-dir={}", folder.path().join("chromium").display());
    // Without a sandbox, for tests may run as root; without anything that calls elsewhere by itself.
    let switches = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
        --disable-background-networking --disable-component-update --enable-logging=stderr \
        --virtual-time-budget=20000 --dump-dom";
    let opened = Command::new("chromium").args(switches.split_whitespace()).args([&profile, url]).output();
    let opened = opened.unwrap_or_else(|error| panic!("scripts/install-chromium puts it there: {error}"));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(opened.stdout), text(opened.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_every_operation_and_is_refused_nothing() {
    let folder = Folder::new();
    let server = folder.serve();
    let document: Value =
        http().get(format!("{}/openapi.json", server.url)).send().await.unwrap().json().await.unwrap();
    let operations = document["paths"].as_object().unwrap().values();
    let operations: usize = operations
        .map(|path| path.as_object().unwrap().values().filter(|part| part.get("responses").is_some()).count())
        .sum();
    assert!(operations > 50, "{operations}");
    let (page, told) = open(&format!("{}/docs", server.url), &folder);
    assert_eq!(page.matches("class=\"opblock-summary-path\"").count(), operations, "{told}");
    assert!(!told.contains(":CONSOLE"), "{told}");
}
