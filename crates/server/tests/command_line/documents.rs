use serde_json::json;

use crate::common::Folder;
use crate::{document, objects};

#[test]
fn keys_are_told_as_the_api_tells_them() {
    let folder = Folder::with_store();
    let made = document(&folder, &["key", "create", "--name", "Pager", "--scopes", "users:read", "--json"]);
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with("mst_key_") && made["scopes"] == json!(["users:read"]), "{made}");
    let rotated = document(&folder, &["key", "rotate", id, "--json"]);
    assert_ne!(rotated["key"], made["key"]);

    let listed = document(&folder, &["key", "list", "--json"]);
    let keys = listed["items"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[1]["id"], &keys[1]["name"]), (&json!(id), &json!("Pager")));
    assert!(keys[1]["expiresAt"].is_string() && keys[0]["expiresAt"].is_null() && keys[0]["revokedAt"].is_null());
    assert!(!listed.to_string().contains(key) && keys.iter().all(|key| key.get("key").is_none()), "{listed}");
}

#[test]
fn break_glass_accounts_are_told() {
    let folder = Folder::with_store();
    let made = document(&folder, &["break-glass", "create", "heron-42", "--json"]);
    let password = made["password"].as_str().unwrap();
    assert_eq!(made["name"], json!("heron-42"));
    let listed = document(&folder, &["break-glass", "list", "--json"]);
    assert_eq!(listed["items"][0]["name"], json!("heron-42"));
    assert!(listed["items"][0]["lastUsedAt"].is_null() && !listed.to_string().contains(password), "{listed}");
}

#[test]
fn brakes_are_told() {
    assert_eq!(document(&Folder::with_store(), &["directory", "status", "--json"]), json!({ "items": [] }));
}

#[test]
fn schema_is_told() {
    let folder = Folder::new();
    let check = folder.run(&["migrate", "--check", "--json"]);
    assert_eq!(check.code, Some(4));
    let told: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!((&told["current"], &told["pending"][0]), (&json!(false), &json!("0001_initial")));
    folder.run(&["migrate"]);
    let told = document(&folder, &["migrate", "--check", "--json"]);
    assert_eq!(told, json!({ "current": true, "pending": [], "detail": "the schema is current" }));
}

#[test]
fn findings_of_the_doctor_are_one_document() {
    let folder = Folder::with_store();
    let told = document(&folder, &["doctor", "--json"]);
    assert_eq!(told["healthy"], json!(true));
    let schema =
        json!({ "about": "store", "check": "schema", "verdict": "good", "detail": "is the one of this build" });
    assert_eq!(told["findings"][1], schema);
    let data = folder.path().join("data");
    let read = format!("development mode, store: SQLite ./data/muster.db, folder: {}", data.display());
    assert_eq!(told["findings"][0]["detail"], json!(read));
}

#[test]
fn records_of_an_import_are_objects_and_its_end_is_a_summary() {
    let folder = Folder::new();
    folder.write("people.json", "[\n{\"userName\":\"ada\"},\n{\"userName\":7}]");
    let ended = folder.run(&["import", "--json", "people.json"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    let told = objects(&ended.out);
    assert_eq!(told.len(), 3);
    assert_eq!(
        told[0],
        json!({
            "type": "record", "line": 2, "record": null, "userName": "ada", "outcome": "added", "fields": [],
            "reason": null, "undeliverablePhone": false, "malformedEmail": false,
        })
    );
    assert_eq!((&told[1]["outcome"], &told[1]["reason"]), (&json!("refused"), &json!("userName must be a string")));
    assert_eq!((&told[2]["type"], &told[2]["added"], &told[2]["refused"]), (&json!("summary"), &json!(1), &json!(1)));
}
