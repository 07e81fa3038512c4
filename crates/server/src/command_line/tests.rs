use clap::FromArgMatches;
use clap::error::ErrorKind;

use super::*;

fn parse(arguments: &[&str]) -> Result<CommandLine, clap::Error> {
    CommandLine::from_arg_matches(&definition().try_get_matches_from(arguments)?)
}

fn given(arguments: &[&str]) -> Vec<(&'static str, String)> {
    flags::given(&definition().try_get_matches_from(arguments).unwrap()).into_iter().collect()
}

fn help(arguments: &[&str]) -> String {
    let error = parse(arguments).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DisplayHelp, "{arguments:?}");
    error.to_string()
}

#[test]
fn definition_holds() {
    definition().debug_assert();
}

#[test]
fn bare_program_names_no_command() {
    assert!(parse(&["muster"]).unwrap().command.is_none());
    assert!(matches!(parse(&["muster", "serve"]).unwrap().command, Some(Command::Serve)));
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["muster", "import"][..],
        &["muster", "fly"],
        &["muster", "admin"],
        &["muster", "serve", "x"],
        &["muster", "migrate", "--check", "--dry-run"],
        &["muster", "migrate", "--json"],
        &["muster", "key", "create", "--name", "x"],
        &["muster", "key", "create", "--name", "x", "--scopes", "everything"],
        &["muster", "key", "revoke", "mst_key_x"],
        &["muster", "directory"],
        &["muster", "break-glass", "create"],
        &["muster", "break-glass", "revoke"],
        &["muster", "sessions", "revoke"],
        &["muster", "audit", "export", "--since", "yesterday"],
        &["muster", "audit", "verify", "--noted", "12"],
        &["muster", "audit", "verify", "--noted", "0:0000000000000000000000000000000000000000000000000000000000000000"],
        &["muster", "completions", "tcsh"],
        &["muster", "completions", "bash", "--listen", "127.0.0.1:1"],
        &["muster", "--pepper", "x"],
        &["muster", "serve", "--twilio-auth-token", "x"],
    ] {
        assert_eq!(parse(arguments).unwrap_err().exit_code(), 2, "{arguments:?}");
    }
}

#[test]
fn flags_are_taken_before_and_after_the_command() {
    let listen = |port| vec![("MUSTER_LISTEN", format!("127.0.0.1:{port}"))];
    assert_eq!(given(&["muster", "--listen", "127.0.0.1:1"]), listen(1));
    assert_eq!(given(&["muster", "--listen", "127.0.0.1:1", "serve"]), listen(1));
    assert_eq!(given(&["muster", "serve", "--listen=127.0.0.1:2"]), listen(2));
    assert_eq!(given(&["muster", "key", "--listen", "127.0.0.1:3", "list"]), listen(3));
    assert_eq!(given(&["muster", "--listen", "127.0.0.1:1", "key", "list", "--listen", "127.0.0.1:4"]), listen(4));
    assert_eq!(given(&["muster", "key", "list"]), []);
}

#[test]
fn misspelled_flag_is_told_the_nearest_one() {
    let told = parse(&["muster", "serve", "--db-poolsize", "3"]).unwrap_err().to_string();
    assert!(told.contains("--db-pool-size"), "{told}");
}

#[test]
fn settings_are_listed_by_help_settings_alone() {
    for arguments in [&["muster", "--help"][..], &["muster", "-h"], &["muster", "key", "create", "--help"]] {
        let help = help(arguments);
        assert!(help.contains("Examples:") && !help.contains("--log"), "{help}");
    }
    let all = help(&["muster", "help", "settings"]);
    assert!(all.contains("Examples:"), "{all}");
    for (flag, meaning) in flags::all() {
        assert!(all.contains(&format!("--{flag} <VALUE>")) && all.contains(meaning), "{flag}: {all}");
    }
}

#[test]
fn every_command_has_an_example() {
    fn check(command: &clap::Command, path: &str) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            let about = below.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(about.contains("Example") && about.contains(&path), "{path}: {about}");
            check(below, &path);
        }
    }
    check(&definition(), "muster");
}

#[test]
fn times_are_dates_or_moments() {
    let since = |text| match parse(&["muster", "audit", "export", "--since", text]).unwrap().command {
        Some(Command::Audit(AuditCommand::Export { filters, .. })) => filters.since.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(since("2026-11-01"), time::macros::datetime!(2026-11-01 00:00 UTC));
    assert_eq!(since("2026-11-01T08:00:00+02:00"), time::macros::datetime!(2026-11-01 06:00 UTC));
}
