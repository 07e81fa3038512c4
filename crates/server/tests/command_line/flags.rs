use std::fs;

use crate::common::Folder;

#[test]
fn flag_wins_over_the_environment_and_that_over_the_dotenv_file() {
    let folder = Folder::new();
    folder.write(".env", "DATABASE_URL=sqlite://dotenv.db\n");
    let exists = |name: &str| folder.path().join(name).exists();
    assert_eq!(folder.run(&["migrate"]).code, Some(0));
    assert!(exists("dotenv.db"));

    fs::remove_file(folder.path().join("dotenv.db")).unwrap();
    let environment = [("DATABASE_URL", "sqlite://environment.db")];
    assert_eq!(folder.run_with(&["migrate"], &environment).code, Some(0));
    assert!(exists("environment.db") && !exists("dotenv.db"));

    fs::remove_file(folder.path().join("environment.db")).unwrap();
    let flag = ["--database-url", "sqlite://flag.db"];
    assert_eq!(folder.run_with(&["migrate", flag[0], flag[1]], &environment).code, Some(0));
    assert!(exists("flag.db") && !exists("environment.db"));
    let check = folder.run_with(&[flag[0], flag[1], "migrate", "--check"], &environment);
    assert_eq!(check.out, "the schema is current\n", "a flag is taken before the command, too");
}

#[test]
fn store_is_named_by_a_file() {
    let folder = Folder::new();
    folder.write("url", "sqlite://secret.db\n");
    assert_eq!(folder.run(&["migrate", "--database-url-file", "url"]).code, Some(0));
    assert!(folder.path().join("secret.db").exists());
    let missing = folder.run_with(&["migrate"], &[("DATABASE_URL_FILE", "nowhere")]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("DATABASE_URL_FILE: the file cannot be read"), "{}", missing.err);
}

#[test]
fn password_on_the_command_line_is_refused() {
    let folder = Folder::new();
    let ended = folder.run(&["migrate", "--database-url", "postgres://muster:hunter2@127.0.0.1:1/muster"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("--database-url: has a password in it"), "{}", ended.err);
    assert!(!ended.err.contains("hunter2"), "{}", ended.err);
}

#[test]
fn secret_has_no_flag_and_a_misspelled_one_is_told_the_nearest() {
    let folder = Folder::new();
    let secret = folder.run(&["serve", "--pepper", "x"]);
    assert_eq!(secret.code, Some(2));
    assert!(secret.err.contains("--pepper-file"), "{}", secret.err);
    let misspelled = folder.run(&["serve", "--listne", "127.0.0.1:0"]);
    assert_eq!(misspelled.code, Some(2));
    assert!(misspelled.err.contains("--listen"), "{}", misspelled.err);
}

#[test]
fn every_fault_of_every_place_is_told_at_once() {
    let folder = Folder::new();
    folder.write(".env", "MUSTER_LOG=muster=loud\n");
    let arguments = ["--db-pool-size", "none", "serve", "--listen", "0.0.0.0:1"];
    let ended = folder.run_with(&arguments, &[("MUSTER_REPLAY_GRACE_SECONDS", "soon")]);
    assert_eq!(ended.code, Some(1));
    for name in ["MUSTER_LOG: ", "MUSTER_REPLAY_GRACE_SECONDS: ", "--db-pool-size: ", "--listen: "] {
        assert!(ended.err.contains(&format!("\n  {name}")), "{name} {}", ended.err);
    }
}
