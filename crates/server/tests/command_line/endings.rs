//! How commands end that are stopped, or that nobody listens to.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rstest::rstest;
use serde_json::{Value, json};

use crate::common::Folder;

/// Enough people for an import that takes a while, and an audit trail that no pipe holds.
fn many(folder: &Folder, count: usize) {
    let people: Vec<Value> = (0..count).map(|number| json!({ "userName": format!("person-{number}") })).collect();
    folder.write("people.json", serde_json::to_string_pretty(&people).unwrap());
}

#[test]
fn export_that_nobody_reads_any_more_ends_quietly() {
    let folder = Folder::new();
    many(&folder, 400);
    assert_eq!(folder.run(&["import", "people.json"]).code, Some(0));
    let mut command = folder.muster(&["audit", "export"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with("}\n"), "{line}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[rstest]
#[case(&["audit", "export"])]
#[case(&["key", "create", "--name", "Pager", "--scopes", "users:read"])]
#[case(&["openapi"])]
#[case(&["completions", "bash"])]
fn output_that_cannot_be_kept_is_a_failure(#[case] arguments: &[&str]) {
    let folder = Folder::new();
    many(&folder, 1);
    assert_eq!(folder.run(&["import", "people.json"]).code, Some(0));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = folder.muster(arguments).stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.starts_with("muster: cannot write to standard output: No space left on device"), "{told}");
}

#[rstest]
#[case("INT", 130)]
#[case("TERM", 143)]
fn import_that_is_stopped_says_so_by_its_exit_code_and_goes_on_the_next_time(#[case] signal: &str, #[case] code: i32) {
    let folder = Folder::new();
    many(&folder, 3000);
    let mut child = folder.muster(&["import", "people.json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(line.contains("added person-0"), "{line}");
    let told = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let added = 1 + output.lines().map(Result::unwrap).filter(|line| line.contains("added")).count();
    assert_eq!(child.wait().unwrap().code(), Some(code));
    assert!(added < 3000, "it was stopped");

    let records = folder.run(&["audit", "export", "--action", "import.user.created"]).out.lines().count();
    assert!((added..=added + 1).contains(&records), "{added} were told, {records} are on record");
    many(&folder, added);
    let again = folder.run(&["import", "people.json"]);
    assert!(again.out.contains(&format!("0 added, 0 changed, 0 deactivated, 0 reactivated, {added} unchanged")));
}

#[test]
fn no_progress_bar_and_no_colour_without_a_terminal() {
    let folder = Folder::new();
    many(&folder, 50);
    let ended = folder.run(&["import", "people.json"]);
    assert_eq!(ended.err, "");
    assert!(!ended.out.contains('\u{1b}'));
    assert!(!folder.run(&["--help"]).out.contains('\u{1b}') && !folder.run(&["fly"]).err.contains('\u{1b}'));
}
