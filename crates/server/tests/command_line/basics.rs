use std::os::unix::fs::PermissionsExt;

use crate::common::Folder;

#[test]
fn help_and_version_are_told_and_end_well() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for word in ["serve", "import", "migrate", "admin", "Examples:", "Exit codes:"] {
        assert!(help.out.contains(word), "{}", help.out);
    }
    let version = folder.run(&["--version"]).out;
    let commit = version.strip_prefix(concat!("muster ", env!("CARGO_PKG_VERSION"), " (")).unwrap();
    let commit = commit.strip_suffix(")\n").unwrap();
    let is_hash = commit.len() >= 12 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(is_hash || commit == "unknown", "{version}");
}

#[test]
fn wrong_usage_exits_with_2() {
    let ended = Folder::new().run(&["import"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("FILE"), "{}", ended.err);
}

#[test]
fn every_fault_of_the_configuration_is_told_at_once() {
    let folder = Folder::new();
    folder.write(".env", "MUSTER_REPLAY_GRACE_SECONDS=soon\nMUSTER_PEPER=typo\n");
    let output =
        folder.muster(&["serve"]).env("MUSTER_LISTEN", "0.0.0.0:8080").env("MUSTER_PEPPER", "hunter2").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    for fault in [
        "MUSTER_LISTEN: must be a loopback address",
        "MUSTER_REPLAY_GRACE_SECONDS: must be a number from 0 to 3600",
        "MUSTER_PEPER: is no setting; the nearest is MUSTER_PEPPER",
        "MUSTER_PEPPER: must be the base64 of at least 32 random bytes",
    ] {
        assert!(told.contains(fault), "{told}");
    }
    assert!(!told.contains("hunter2") && !told.contains("typo"), "{told}");
    assert!(!folder.path().join("data").exists(), "nothing is made before the configuration holds");
}

#[test]
fn production_mode_lists_all_that_it_lacks_at_once() {
    let folder = Folder::new();
    for command in ["serve", "doctor"] {
        let output = folder.muster(&[command]).env("MUSTER_MODE", "production").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stderr).unwrap();
        for missing in [
            "AWS_REGION: is missing",
            "AWS_SES_FROM_EMAIL: is missing",
            "TWILIO_ACCOUNT_SID: is missing",
            "TWILIO_AUTH_TOKEN: is missing",
            "TWILIO_PHONE_NUMBER: is missing",
            "MUSTER_CHANNELS: has push on, and no push service is set up",
            "MUSTER_PEPPER: is missing",
            "MUSTER_SIGNING_KEY: is missing",
        ] {
            assert!(told.contains(missing), "{told}");
        }
    }
}

#[test]
fn file_is_imported_twice_and_only_the_first_time_changes_anything() {
    let folder = Folder::new();
    folder.write("people.json", "[\n{\"userName\":\"ada\"},\n{\"userName\":7},\n{\"userName\":\"grace\"}\n]");
    let first = folder.run(&["import", "people.json"]);
    assert_eq!(
        first.out,
        "line 2: added ada\nline 3: refused: userName must be a string\nline 4: added grace\n\
         2 added, 0 changed, 0 deactivated, 0 reactivated, 0 unchanged, 1 refused\n",
        "{}",
        first.err
    );
    assert_eq!(first.code, Some(3));
    folder.write("people.json", "[\n{\"userName\":\"ada\"},\n{\"userName\":\"grace\"}\n]");
    let again = folder.run(&["import", "people.json"]);
    assert_eq!(again.out, "0 added, 0 changed, 0 deactivated, 0 reactivated, 2 unchanged, 0 refused\n");
    assert_eq!(again.code, Some(0));
}

#[test]
fn file_that_cannot_be_read_is_one_message() {
    let folder = Folder::new();
    let missing = folder.run(&["import", "missing.json"]);
    assert_eq!((missing.code, missing.err.lines().count()), (Some(1), 1), "{}", missing.err);
    assert!(missing.err.starts_with("muster: cannot read missing.json: "), "{}", missing.err);
    folder.write("broken.json", "[\n{,}\n]");
    let broken = folder.run(&["import", "broken.json"]);
    assert_eq!(broken.code, Some(1));
    assert_eq!(broken.err, "muster: cannot import broken.json: not JSON at line 2, column 2: key must be a string\n");
    assert!(!folder.path().join("data").exists(), "a file that cannot be read touches nothing");
}

#[test]
fn person_is_made_an_admin() {
    let folder = Folder::new();
    folder.write("people.json", r#"[{"userName":"ada","emails":[{"value":"ada@example.com"}]}]"#);
    assert_eq!(folder.run(&["import", "people.json"]).code, Some(0));
    let granted = folder.run(&["admin", "grant", "ada@example.com"]);
    assert_eq!((granted.code, granted.out.as_str()), (Some(0), "ada (ada) is an admin now\n"), "{}", granted.err);
    let nobody = folder.run(&["admin", "grant", "eve@example.com"]);
    assert_eq!(nobody.code, Some(1));
    let [place, told] = nobody.err.lines().collect::<Vec<_>>()[..] else { panic!("{}", nobody.err) };
    let data = folder.path().join("data");
    let expected = format!("development mode, store: SQLite ./data/muster.db, folder: {}", data.display());
    assert_eq!(place, expected);
    assert_eq!(told, "muster: no one person has the user name or e-mail address eve@example.com");
}

#[test]
fn a_command_that_needs_a_store_makes_none() {
    for arguments in [
        &["admin", "list"][..],
        &["audit", "export"],
        &["audit", "verify"],
        &["break-glass", "create", "heron-42"],
        &["directory", "release"],
        &["key", "list"],
        &["pepper", "status"],
        &["sessions", "list", "ada"],
        &["doctor"],
    ] {
        let folder = Folder::new();
        let ended = folder.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.err);
        let told = format!("{}{}", ended.out, ended.err);
        let store = "there is no store yet (SQLite ./data/muster.db): run this in the server's folder";
        assert!(told.contains(store) && told.contains("run `muster migrate`"), "{arguments:?}: {told}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{arguments:?} made something");
    }
}

#[test]
fn a_database_that_does_not_answer_is_told_once_with_its_host_and_port() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://muster:hunter2@127.0.0.1:{port}/roster?sslmode=disable");
    for (arguments, mode) in [
        (&["admin", "list"][..], "development"),
        (&["admin", "list"], "production"),
        (&["migrate"], "development"),
        (&["migrate"], "production"),
        (&["doctor"], "development"),
    ] {
        let ended = Folder::new().run_with(arguments, &[("DATABASE_URL", &url), ("MUSTER_MODE", mode)]);
        assert_eq!(ended.code, Some(1));
        let told = format!("{}{}", ended.out, ended.err);
        let line = told.lines().find(|line| line.contains("refused")).unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains(&format!("PostgreSQL at 127.0.0.1:{port}: ")), "{line}");
        assert_eq!(line.matches("efused").count(), 1, "{line}");
        assert_eq!(line.matches("PostgreSQL at").count(), 1, "{line}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn the_start_is_one_line_with_what_was_started() {
    let folder = Folder::new();
    drop(folder.serve());
    let log = folder.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("serve: starting")).collect();
    let [line] = lines[..] else { panic!("{log}") };
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let store = r#"store="SQLite ./data/muster.db""#;
    for field in [version.as_str(), "commit=", r#"mode="development""#, store, r#"channels="email,sms,push""#] {
        assert!(line.contains(field), "{field} is not in {line}");
    }
}

#[test]
fn data_folder_and_its_secrets_are_for_their_owner_alone() {
    let folder = Folder::new();
    drop(folder.serve());
    let mode = |path: &str| folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/pepper"), 0o600);
    assert_eq!(mode("data/signing-key.pem"), 0o600);
    assert_eq!(mode("data/muster.db") & 0o077, 0);
}

#[test]
fn a_key_is_printed_once_alone_on_the_last_line_and_works_until_it_is_revoked() {
    let folder = Folder::with_store();
    let made = folder.run(&["key", "create", "--name", "Pager", "--scopes", "users:read,audit:read"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let key = made.out.lines().last().unwrap().to_owned();
    assert!(key.starts_with("mst_key_") && key.len() == 58, "{key}");
    let id = made.out.split_whitespace().next().unwrap().to_owned();

    let listed = folder.run(&["key", "list"]).out;
    assert!(
        listed.contains(&id) && listed.contains("users:read,audit:read") && listed.contains("never used"),
        "{listed}"
    );
    assert!(!listed.contains(&key), "{listed}");

    let rotated = folder.run(&["key", "rotate", &id, "--overlap-hours", "0"]);
    assert_eq!(rotated.code, Some(0), "{}", rotated.err);
    let successor = rotated.out.split_whitespace().next().unwrap().to_owned();
    assert_ne!(rotated.out.lines().last(), Some(key.as_str()));
    assert_eq!(folder.run(&["key", "rotate", &id]).code, Some(1), "a key past its end is not rotated");

    assert_eq!(folder.run(&["key", "revoke", &successor]).code, Some(0));
    let again = folder.run(&["key", "revoke", &successor]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("muster key list"), "{}", again.err);
}
