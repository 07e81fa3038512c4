use std::fs;

use serde_json::Value;

use crate::common::Folder;

#[test]
fn every_shell_completes_commands_and_settings() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&["completions", shell]);
        assert_eq!(script.code, Some(0), "{shell}");
        for word in ["break-glass", "overlap-hours", "db-pool-size"] {
            assert!(script.out.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn bash_takes_its_completions() {
    let folder = Folder::new();
    let script = folder.write("completions", folder.run(&["completions", "bash"]).out);
    let try_it =
        "source completions; COMP_WORDS=(muster key cr); COMP_CWORD=2; _muster muster cr key; echo ${COMPREPLY[@]}";
    let told = std::process::Command::new("bash").args(["-c", try_it]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stdout), "create\n", "{}", script.display());
}

#[test]
fn manual_has_a_page_for_each_command_and_the_settings_once() {
    let folder = Folder::new();
    let made = folder.run(&["man", "--dir", "pages/man1"]);
    assert_eq!((made.code, made.out.as_str()), (Some(0), "the manual is in pages/man1\n"), "{}", made.err);
    let page = |name: &str| fs::read_to_string(folder.path().join("pages/man1").join(name)).unwrap();
    for name in ["muster-serve.1", "muster-key-create.1", "muster-audit-verify.1", "muster-break-glass-list.1"] {
        let page = page(name);
        assert!(
            page.contains("Example") && page.contains("See muster(1)") && !page.contains("MUSTER_LOG"),
            "{name}: {page}"
        );
    }
    let program = page("muster.1");
    assert!(program.contains("MUSTER_LOG;"), "{program}");
    assert_eq!(folder.run(&["man"]).out, program);
}

#[test]
fn settings_and_the_api_are_printed_without_a_configuration() {
    let folder = Folder::new();
    folder.write(".env", "MUSTER_PEPER=typo\n");
    let example = include_str!("../../../../.env.example");
    assert_eq!(folder.run(&["settings", "--format", "env"]).out, example);
    assert!(folder.run(&["settings"]).out.contains("| `MUSTER_LOG` | `--log` | info |"));
    let api: Value = serde_json::from_str(&folder.run(&["openapi"]).out).unwrap();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{api}");
    assert!(api["paths"]["/dev/login"].is_null() && !api["paths"]["/api/users/me"].is_null());
    let development: Value = serde_json::from_str(&folder.run(&["openapi", "--development"]).out).unwrap();
    assert!(!development["paths"]["/dev/login"].is_null());
}
