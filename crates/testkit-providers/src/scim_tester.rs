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

/// Runs a script with the Python of a client that `scripts/install-emulators` installed, for the SCIM server at `url`, and
/// returns what it printed and logged.
pub(crate) fn scim_client(client: &str, script: &str, url: &str, key: &str) -> (String, String) {
    let ran = Command::new(installed(client).join("bin/python"))
        .args(["-c", script])
        .envs([("SCIM_URL", url), ("SCIM_KEY", key)])
        .output()
        .unwrap();
    let [out, err] = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ran.status.success(), "{client} failed: {err}");
    (out, err)
}

/// Runs every check against the SCIM server at `url`, like `http://127.0.0.1:8080/scim/v2`, with an API key. It makes
/// people and groups there, changes them and removes them.
#[must_use]
pub fn scim_checks(url: &str, key: &str) -> Vec<ScimCheck> {
    let (out, _) = scim_client("scim2-tester", include_str!("scim_tester.py"), url, key);
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
