use muster_testkit_postgres::empty_database;

use crate::common::Folder;
use crate::fleet::beside;

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_on_postgresql_is_neither_served_nor_migrated() {
    let (folder, database) = (Folder::new(), empty_database().await);
    let run = |arguments: &[&str]| {
        let output = folder.muster(arguments).env("DATABASE_URL", &database.url).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, told) = run(&["migrate", "--check"]);
    assert_eq!(code, Some(4), "{told}");
    assert!(told.starts_with("pending 0001_initial\n"), "{told}");
    let (code, sql) = run(&["migrate", "--dry-run"]);
    assert_eq!(code, Some(0), "{sql}");
    assert_eq!(run(&["migrate", "--check"]).0, Some(4), "a dry run changes nothing");

    let beside = beside(&database.url).await;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(crate::fleet::number(&beside, tables).await, 0);
    // Each as it is: an index that is built concurrently is built outside a transaction.
    for part in sql.split("\n-- ") {
        beside.batch_execute(&format!("-- {part}")).await.unwrap();
    }
    assert!(crate::fleet::number(&beside, tables).await >= 10, "what is printed is the SQL");
    beside.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();

    assert_eq!(run(&["migrate"]).0, Some(0));
    assert_eq!(run(&["migrate", "--check"]), (Some(0), "the schema is current\n".to_owned()));
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
    beside.batch_execute(newer).await.unwrap();
    let why = "the schema is newer than this build (migrations 9999): run a newer build";
    for (arguments, expected) in [(&["migrate", "--check"][..], 4), (&["migrate"], 1), (&["serve"], 1)] {
        let (code, told) = run(arguments);
        assert_eq!(code, Some(expected), "{arguments:?}: {told}");
        assert!(told.contains(why), "{arguments:?}: {told}");
    }
}
