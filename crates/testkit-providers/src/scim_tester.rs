use std::process::Command;

use serde::Deserialize;

use crate::installed;

/// What came of one check of scim2-tester's, an independent client that holds a server to RFC 7643 and RFC 7644.
#[derive(Debug, Clone, Deserialize)]
pub struct ScimCheck {
    /// `SUCCESS`, `ERROR`, `SKIPPED` or another of its words.
    pub status: String,
    /// Which check.
    pub title: String,
    /// What it found.
    pub reason: String,
    /// Of which kind of resource, when of one.
    pub resource: String,
}

/// Runs every check against the SCIM server at `url`, like `http://127.0.0.1:8080/scim/v2`, with an API key. It makes
/// people and groups there, changes them and removes them.
#[must_use]
pub fn scim_checks(url: &str, key: &str) -> Vec<ScimCheck> {
    let python = installed("scim2-tester").join("bin/python");
    let ran = Command::new(python)
        .args(["-c", include_str!("scim_tester.py")])
        .envs([("SCIM_URL", url), ("SCIM_KEY", key)])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "scim2-tester failed: {err}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
