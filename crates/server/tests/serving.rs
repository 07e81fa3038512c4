//! The server as it starts, welcomes, and stops.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::Folder;
use common::client::http;
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn profile_of(url: &str, login: &str) -> Value {
    let client = http();
    let answer = client.post(format!("{url}/dev/login")).json(&json!({ "email": login })).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let token = answer.json::<Value>().await.unwrap()["accessToken"].as_str().unwrap().to_owned();
    let answer = client.get(format!("{url}/api/users/me")).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn real_port_is_told_and_the_demo_directory_is_there() {
    let folder = Folder::new();
    let mut server = folder.serve();
    assert!(server.url.starts_with("http://127.0.0.1:") && !server.url.ends_with(":0"), "{}", server.url);
    let welcome = server.lines(8).join("\n");
    for command in ["/dev/login", "/api/users/me", "/api/notifications/verification/send"] {
        assert!(welcome.contains(&format!("{}{command}", server.url)), "{welcome}");
    }
    let ada = profile_of(&server.url, "ada@example.com").await;
    assert_eq!(ada["role"], "admin");
    assert_eq!(ada["teams"].as_array().unwrap().len(), 2);
}

/// The commands are run as they are printed, by a shell.
#[test]
fn printed_commands_work_as_they_are() {
    let folder = Folder::new();
    let mut server = folder.serve();
    let commands: Vec<_> = server.lines(8).into_iter().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(commands.len(), 3);
    let shell = std::process::Command::new("sh").arg("-ec").arg(commands.join("\necho\n")).output().unwrap();
    let told = String::from_utf8(shell.stdout).unwrap();
    assert!(shell.status.success(), "{told}");
    assert!(told.contains(r#""userName":"ada@example.com""#), "{told}");
    assert!(told.contains(r#""sendSuccess":true"#), "{told}");
}

#[test]
fn server_stops_when_told_to_and_starts_again_on_what_it_kept() {
    let folder = Folder::new();
    assert_eq!(folder.serve().stop().code(), Some(0));
    let pepper = std::fs::read(folder.path().join("data/pepper")).unwrap();
    let mut again = folder.serve();
    assert!(again.lines(8).join("\n").contains("ada@example.com"));
    assert_eq!(std::fs::read(folder.path().join("data/pepper")).unwrap(), pepper);
}

#[tokio::test]
async fn imported_people_keep_the_demo_directory_away() {
    let folder = Folder::new();
    folder.write("people.json", r#"[{"userName":"o'neil"}]"#);
    assert_eq!(folder.run(&["import", "people.json"]).code, Some(0));
    let mut server = folder.serve();
    assert!(server.lines(8).join("\n").contains(r"o'\''neil"));
    assert_eq!(profile_of(&server.url, "o'neil").await["role"], "user");
    let client = http();
    let body = json!({ "email": "ada@example.com" });
    let answer = client.post(format!("{}/dev/login", server.url)).json(&body).send().await.unwrap();
    assert!(answer.status().is_client_error());
}

#[test]
fn port_that_is_taken_is_one_message() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = folder.muster(&[]).env("MUSTER_LISTEN", &address).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with(&format!("muster: cannot listen on {address} (MUSTER_LISTEN): ")), "{told}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn secret_that_others_can_read_keeps_the_server_from_starting() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    drop(folder.serve());
    let pepper = folder.path().join("data/pepper");
    std::fs::set_permissions(&pepper, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = folder.muster(&[]).env("MUSTER_LISTEN", "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("chmod 600"));
}
