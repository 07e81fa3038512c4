use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use muster_testkit_providers::installed;
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::installation::Installation;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi_conformance");

/// How schemathesis calls a server.
pub(crate) struct Fuzzer<'a> {
    /// As whom, for those who read the output.
    pub(crate) name: &'a str,
    pub(crate) caller: Option<&'a Client>,
    /// The caller's id, of a person.
    pub(crate) person: Option<&'a str>,
    /// By the name of a dictionary in `schemathesis.toml`, what exists there.
    pub(crate) known: &'a [(&'a str, Vec<String>)],
    /// What else schemathesis is told.
    pub(crate) arguments: &'a [&'a str],
}

/// What came of it.
pub(crate) struct Outcome {
    cases: u64,
    /// By operation and status, how often it was answered so.
    answers: BTreeMap<String, BTreeMap<u16, u64>>,
}

impl Fuzzer<'_> {
    /// Tries all that the server's own document describes, and fails on whatever an answer broke.
    pub(crate) fn run(&self, installation: &Installation) -> Outcome {
        let document = format!("{}/openapi.json", installation.server.url);
        let (report, said) = self.report(installation, &document, self.arguments);
        assert_eq!(report["exit_code"], 0, "schemathesis, as {}: {said}", self.name);
        assert_eq!(report["complete"], true, "{said}");
        let operations = &report["operations"];
        assert_eq!(operations["tested"], operations["total"], "{said}");
        let outcome = Outcome::read(&report, &installation.folder.path().join("reached.json"));
        let seconds = report["running_time"].as_f64().unwrap();
        println!("{}: {} cases, {seconds:.0} s\n{}", self.name, outcome.cases, outcome.table());
        assert!(outcome.cases >= 200, "as {}: {} cases", self.name, outcome.cases);
        outcome
    }

    /// The report of a run by some document with further arguments, and what schemathesis said.
    pub(crate) fn report(&self, installation: &Installation, document: &str, arguments: &[&str]) -> (Value, String) {
        let folder = installation.folder.path();
        let mut config = std::fs::read_to_string(format!("{FOLDER}/schemathesis.toml")).unwrap();
        for name in ["users", "teams", "keys", "devices", "sessions", "groups", "refresh-tokens", "passwords"] {
            let known = self.known.iter().find(|(known, ids)| *known == name && !ids.is_empty());
            let values = known.map_or_else(|| json!(["0199a4a0-0000-7000-8000-000000000000"]), |(_, ids)| json!(ids));
            write!(config, "\n[dictionaries.{name}]\nvalues = {values}\n").unwrap();
        }
        let config = installation.folder.write("schemathesis.toml", config);
        installation.folder.write("hooks.py", include_str!("hooks.py"));
        let mut command = Command::new(installed("schemathesis").join("bin/schemathesis"));
        command.current_dir(folder).arg("--config-file").arg(config).args(["run", document, "--no-color"]);
        command.args(["--url", &installation.server.url, "--report", "json", "--report-json-path", "report.json"]);
        command.args(arguments);
        command.env("MUSTER_REACHED", folder.join("reached.json")).env("MUSTER_SELF", self.person.unwrap_or_default());
        if let Some(caller) = self.caller {
            command.args(["--header", &format!("Authorization: Bearer {}", caller.token())]);
        }
        let ran = command.output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let report = std::fs::read(folder.join("report.json")).unwrap_or_else(|_| panic!("no report: {said}"));
        (serde_json::from_slice(&report).unwrap(), said)
    }
}

impl Outcome {
    fn read(report: &Value, reached: &Path) -> Self {
        let counts: Vec<(String, u16, u64)> = serde_json::from_slice(&std::fs::read(reached).unwrap()).unwrap();
        let mut answers: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (operation, status, count) in counts {
            answers.entry(operation).or_default().insert(status, count);
        }
        Self { cases: report["test_cases"]["generated"].as_u64().unwrap(), answers }
    }

    /// How many answers had that status.
    pub(crate) fn count(&self, status: u16) -> u64 {
        self.answers.values().filter_map(|statuses| statuses.get(&status)).sum()
    }

    fn table(&self) -> String {
        let mut table = String::new();
        for (operation, statuses) in &self.answers {
            let statuses: Vec<_> = statuses.iter().map(|(status, count)| format!("{status} x {count}")).collect();
            writeln!(table, "  {operation}: {}", statuses.join(", ")).unwrap();
        }
        table
    }

    /// Fails unless the caller succeeded with each operation that they may use, but for those that take luck, and with no
    /// other: a run in which everything is refused proves little.
    pub(crate) fn assert_succeeded_with(&self, may: impl Fn(&str) -> bool, with_luck: &[&str]) {
        let succeeded = self.succeeded();
        let due = |operation: &&str| may(operation) && !with_luck.contains(operation);
        let due = self.answers.keys().map(String::as_str).filter(due);
        let never: Vec<_> = due.filter(|operation| !succeeded.contains(operation)).collect();
        assert!(never.is_empty(), "never succeeded with {never:?}\n{}", self.table());
        self.assert_refused_elsewhere(may);
    }

    /// Fails when the caller succeeded with an operation that they may not use.
    pub(crate) fn assert_refused_elsewhere(&self, may: impl Fn(&str) -> bool) {
        let let_by: Vec<_> = self.succeeded().into_iter().filter(|operation| !may(operation)).collect();
        assert!(let_by.is_empty(), "succeeded with {let_by:?}\n{}", self.table());
    }

    fn succeeded(&self) -> Vec<&str> {
        let is_success = |statuses: &BTreeMap<u16, u64>| statuses.keys().any(|status| (200..300).contains(status));
        let succeeded = self.answers.iter().filter(|(_, statuses)| is_success(statuses));
        succeeded.map(|(operation, _)| operation.as_str()).collect()
    }
}
