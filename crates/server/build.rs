//! Tells the program which commit it is built from: `MUSTER_COMMIT` where it is set, as in a build from an archive, else
//! what git says.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=MUSTER_COMMIT");
    // The first changes with each commit, the second with each branch; git leaves out the first where it is told to.
    for file in ["logs/HEAD", "HEAD"] {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", file])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    // Without one of these lines cargo would take each file of the package for a reason to run this again.
    println!("cargo::rerun-if-changed=build.rs");
    let given = env::var_os("MUSTER_COMMIT")
        .and_then(|commit| commit.into_string().ok())
        .filter(|commit| !commit.trim().is_empty());
    let commit = given.or_else(|| git(&["rev-parse", "--short=12", "HEAD"]));
    println!("cargo::rustc-env=MUSTER_COMMIT={}", commit.as_deref().map_or("unknown", str::trim));
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
}
