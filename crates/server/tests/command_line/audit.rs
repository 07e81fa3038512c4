use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread::sleep;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};

use crate::common::Folder;
use crate::{folder_with_people, objects};

#[test]
fn export_is_whole_newest_first_and_filtered() {
    let folder = folder_with_people();
    let all = objects(&folder.run(&["audit", "export"]).out);
    let times: Vec<&str> = all.iter().map(|record| record["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|earlier, later| earlier >= later), "{times:?}");
    assert_eq!(all[0]["action"], json!("role.changed"));
    assert_eq!(all.iter().filter(|record| record["action"] == "import.user.created").count(), 2);

    let of_ada = objects(&folder.run(&["audit", "export", "--user", "ada@example.com"]).out);
    let id = of_ada[0]["userId"].as_str().unwrap();
    assert!(of_ada.len() < all.len() && of_ada.iter().all(|record| record["userId"] == id));
    assert_eq!(objects(&folder.run(&["audit", "export", "--user", id]).out), of_ada);
    assert_eq!(folder.run(&["audit", "export", "--until", "2020-01-01"]).out, "");
    assert_eq!(objects(&folder.run(&["audit", "export", "--since", "2020-01-01"]).out), all);
    assert_eq!(folder.run(&["audit", "export", "--user", "eve"]).code, Some(1));
}

#[test]
fn exported_file_appears_whole_and_for_its_owner_alone() {
    let folder = folder_with_people();
    let path = folder.write("audit.ndjson", "what was there before");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let ended = folder.run(&["audit", "export", "--output", "audit.ndjson"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{}", ended.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), folder.run(&["audit", "export"]).out);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let nowhere = folder.run(&["audit", "export", "--output", "nowhere/audit.ndjson"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.err.starts_with("muster: cannot write nowhere/audit.ndjson: "), "{}", nowhere.err);
}

/// A folder whose server has sealed every record and is gone.
fn sealed() -> Folder {
    let folder = folder_with_people();
    let server = folder.serve();
    let records = folder.run(&["audit", "export"]).out.lines().count();
    for _ in 0..600 {
        let (_, report) = verify(&folder, &[]);
        if report["checked"] == records {
            assert!(server.stop().success());
            return folder;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("nothing was sealed: {}", folder.log());
}

fn verify(folder: &Folder, further: &[&str]) -> (Option<i32>, Value) {
    let ended = folder.run(&[&["audit", "verify", "--json"], further].concat());
    (ended.code, serde_json::from_str(&ended.out).unwrap_or_else(|_| json!(ended.err)))
}

fn tamper(folder: &Folder, sql: &str) {
    let file = folder.path().join("data/muster.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute(sql).unwrap();
}

#[test]
fn whole_chain_is_proven_with_a_head_that_was_noted() {
    let folder = sealed();
    let (code, report) = verify(&folder, &[]);
    assert_eq!((code, &report["whole"], &report["faults"]), (Some(0), &json!(true), &json!([])), "{report}");
    let head = format!("{}:{}", report["head"]["position"], report["head"]["hash"].as_str().unwrap());
    let told = folder.run(&["audit", "verify", "--noted", &head]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.ends_with(&format!("the chain is whole\nhead, to be noted elsewhere: {head}\n")), "{}", told.out);

    let other = format!("1:{}", "0".repeat(64));
    let (code, report) = verify(&folder, &["--noted", &other]);
    assert_eq!((code, &report["whole"]), (Some(5), &json!(false)), "{report}");
}

#[test]
fn changed_record_is_found_and_named() {
    let folder = sealed();
    let records = objects(&folder.run(&["audit", "export", "--action", "role.changed"]).out);
    let id = records[0]["id"].as_str().unwrap();
    tamper(&folder, "UPDATE audit_events SET action = 'role.kept' WHERE action = 'role.changed'");
    let told = folder.run(&["audit", "verify"]);
    assert_eq!(told.code, Some(5), "{}", told.err);
    let faults: Vec<&str> = told.out.lines().filter(|line| line.starts_with("FAULT")).collect();
    assert!(faults.len() == 1 && faults[0].contains(id) && faults[0].contains("was changed"), "{}", told.out);
    assert!(told.out.contains("\nthe chain is not whole\n"), "{}", told.out);
}

#[test]
fn backlog_that_waits_for_its_seals_has_an_exit_code_of_its_own() {
    let folder = sealed();
    let write = "INSERT INTO audit_events (id, at, action, actor_type, actor_name, details)
        VALUES (randomblob(16), (unixepoch() - 7200) * 1000000, 'test.waits', 'system', 'test', '{}')";
    tamper(&folder, write);
    let (code, report) = verify(&folder, &[]);
    assert_eq!((code, &report["whole"], &report["faults"]), (Some(6), &json!(true), &json!([])), "{report}");
    assert_eq!((&report["waiting"]["records"], &report["waiting"]["sealedMeanwhile"]), (&json!(1), &json!(0)));
    let told = folder.run(&["audit", "verify"]);
    assert_eq!(told.code, Some(6), "{}", told.err);
    assert!(told.out.contains("\nWAITING  1 record is not sealed yet"), "{}", told.out);
    assert!(told.out.contains("start a server") && told.out.contains("\nthe chain is whole\n"), "{}", told.out);

    let server = folder.serve();
    for _ in 0..600 {
        if verify(&folder, &[]).0 == Some(0) {
            assert!(server.stop().success());
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the backlog was not sealed: {}", folder.log());
}

#[test]
fn older_pepper_proves_what_it_sealed() {
    let folder = sealed();
    fs::rename(folder.path().join("data/pepper"), folder.path().join("old-pepper")).unwrap();
    let (code, report) = verify(&folder, &[]);
    assert_eq!((code, &report["whole"]), (Some(5), &json!(false)), "{report}");
    let (code, report) = verify(&folder, &["--old-pepper-file", "old-pepper"]);
    assert_eq!((code, &report["whole"]), (Some(0), &json!(true)), "{report}");

    let unsure = folder.run(&["audit", "verify", "--adopt"]);
    assert_eq!(unsure.code, Some(2), "{}", unsure.err);
    let head = report["head"].clone();
    let (code, report) = verify(&folder, &["--old-pepper-file", "old-pepper", "--adopt"]);
    assert_eq!((code, &report["head"]), (Some(0), &head), "{report}");

    folder.write("junk", "junk");
    let junk = folder.run(&["audit", "verify", "--old-pepper-file", "junk"]);
    assert_eq!(junk.code, Some(1));
    assert!(junk.err.starts_with("muster: the pepper in junk is none"), "{}", junk.err);
}
