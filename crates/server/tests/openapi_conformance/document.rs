use std::path::Path;
use std::process::Command;

use muster_testkit_providers::installed;
use serde_json::Value;

use crate::common::Folder;

/// What Spectral finds in a document: the names of the rules that it breaks, and all that it said.
fn broken_rules(document: &str) -> (Vec<String>, String) {
    let tools = installed("spectral");
    let folder = Folder::new();
    // Rule sets are looked for beside the file that names them.
    std::os::unix::fs::symlink(tools.join("node_modules").canonicalize().unwrap(), folder.path().join("node_modules"))
        .unwrap();
    let rules = folder.write(".spectral.yaml", include_str!("spectral.yaml"));
    let document = folder.write("openapi.json", document);
    let ran = Command::new(tools.join("node_modules/.bin/spectral"))
        .current_dir(folder.path())
        .args(["lint", "--format", "json", "--fail-severity", "warn", "--quiet", "--ruleset"])
        .args([rules, document])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let found: Vec<Value> = serde_json::from_str(out.trim()).unwrap_or_else(|_| panic!("spectral: {out}{err}"));
    let rules = found.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
    (rules, format!("{out}{err}"))
}

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")).unwrap()
}

#[test]
fn the_document_keeps_every_rule_of_openapi_and_owasp() {
    let (rules, said) = broken_rules(&document());
    assert_eq!(rules, [""; 0], "{said}");
}

/// One rule of each of the two sets, broken on purpose.
#[test]
fn a_broken_rule_is_found() {
    let mut document: Value = serde_json::from_str(&document()).unwrap();
    let me = &mut document["paths"]["/api/users/me"]["get"];
    me.as_object_mut().unwrap().remove("operationId").unwrap();
    me["security"] = Value::Array(Vec::new());
    let (rules, said) = broken_rules(&document.to_string());
    for rule in ["operation-operationId", "owasp:api2:2023-read-restricted"] {
        assert!(rules.iter().any(|broken| broken == rule), "{rule} is not among {rules:?}: {said}");
    }
}
