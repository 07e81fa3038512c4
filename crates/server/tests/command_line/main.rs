//! The program as its operator meets it: arguments, messages, exit codes, files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

#[path = "../common/mod.rs"]
mod common;

mod admins;
mod audit;
mod basics;
mod documents;
mod endings;
mod flags;
mod manual;
mod migrating;
mod sessions;

use common::Folder;
use serde_json::{Value, json};

/// A folder whose store has Ada, an admin, and Grace.
fn folder_with_people() -> Folder {
    let folder = Folder::new();
    folder.write(
        "people.json",
        json!([
            { "userName": "ada", "displayName": "Ada", "emails": [{ "value": "ada@example.com" }] },
            { "userName": "grace", "emails": [{ "value": "grace@example.com" }] },
        ])
        .to_string(),
    );
    assert_eq!(folder.run(&["import", "people.json"]).code, Some(0));
    assert_eq!(folder.run(&["admin", "grant", "ada@example.com"]).code, Some(0));
    folder
}

/// What a command that ends well prints, as JSON.
fn document(folder: &Folder, arguments: &[&str]) -> Value {
    let ended = folder.run(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

/// JSON objects, one a line.
fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
