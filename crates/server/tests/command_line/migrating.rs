use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::common::Folder;

#[test]
fn schema_is_migrated_once() {
    let folder = Folder::new();
    let first = folder.run(&["migrate"]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(
        first.out.lines().count() > 0 && first.out.lines().all(|line| line.starts_with("applied ")),
        "{}",
        first.out
    );
    assert_eq!(folder.run(&["migrate"]).out, "the schema is current\n");
}

#[test]
fn pending_migrations_are_told_and_shown_and_not_applied() {
    let folder = Folder::new();
    let check = folder.run(&["migrate", "--check"]);
    assert_eq!(check.code, Some(4), "{}", check.err);
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite")).unwrap();
    let mut names: Vec<_> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let pending = names.iter().fold(String::new(), |told, name| format!("{told}pending {name}\n"));
    let numbers: Vec<_> = names.iter().map(|name| &name[..4]).collect();
    let why =
        format!("the schema is older than this build (migrations {}): run `muster migrate`\n", numbers.join(", "));
    assert_eq!(check.out, format!("{pending}{why}"));
    let dry_run = folder.run(&["migrate", "--dry-run"]);
    assert_eq!(dry_run.code, Some(0), "{}", dry_run.err);
    assert!(dry_run.out.starts_with("-- 0001_initial\n"), "{}", dry_run.out);
    assert!(dry_run.out.contains("CREATE TABLE users"), "{}", dry_run.out);

    assert!(folder.run(&["migrate"]).out.starts_with("applied 0001_initial\n"));
    let check = folder.run(&["migrate", "--check"]);
    assert_eq!((check.code, check.out.as_str()), (Some(0), "the schema is current\n"));
    assert_eq!(folder.run(&["migrate", "--dry-run"]).out, "-- the schema is current\n");
}

#[test]
fn newer_schema_is_neither_served_nor_migrated_also_in_development() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["migrate"]).code, Some(0));
    let file = folder.path().join("data/muster.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").unwrap();
    let why = "the schema is newer than this build (migrations 9999): run a newer build\n";
    let check = folder.run(&["migrate", "--check"]);
    assert_eq!((check.code, check.out.as_str()), (Some(4), why));
    for command in ["serve", "migrate"] {
        let refused = folder.run(&[command]);
        assert_eq!(refused.code, Some(1), "{command}");
        assert!(refused.err.ends_with(why), "{command}: {}", refused.err);
    }
}

#[test]
fn production_store_is_migrated_only_when_told_to() {
    let folder = Folder::new();
    folder.write("people.json", r#"[{"userName":"ada"}]"#);
    folder.write(".env", format!("MUSTER_MODE=production\nMUSTER_PEPPER={}=\n", "A".repeat(43)));
    let early = folder.run(&["import", "people.json"]);
    assert_eq!(early.code, Some(1));
    assert!(early.err.contains("run `muster migrate`"), "{}", early.err);
    assert_eq!(folder.run(&["migrate"]).code, Some(0));
    assert_eq!(folder.run(&["import", "people.json"]).code, Some(0));
}
