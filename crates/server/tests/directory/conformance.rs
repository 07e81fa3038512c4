use std::collections::BTreeMap;

use muster_testkit_providers::scim_checks;

use crate::installation::Installation;

/// It sends `name` with `formatted`, which `/Schemas` calls writeOnly, and misses it in what it reads back.
const MISSES_A_WRITE_ONLY_PART: &str = "PATCH modify() returned unexpected value for 'name'.";

/// Runs all that an independent client asks of a SCIM server, and fails on whatever did not succeed.
fn conforms(installation: &Installation) {
    let url = format!("{}/scim/v2", installation.server.url);
    let checks = scim_checks(&url, installation.directory.token());
    let mut counts = BTreeMap::new();
    for check in &checks {
        *counts.entry(check.status.as_str()).or_insert(0) += 1;
    }
    let failed = checks.iter().filter(|check| !matches!(check.status.as_str(), "SUCCESS" | "SKIPPED"));
    let failed: Vec<_> = failed.filter(|check| !check.reason.starts_with(MISSES_A_WRITE_ONLY_PART)).collect();
    assert!(failed.is_empty(), "{counts:?} {failed:#?}");
    let skipped: Vec<_> = checks.iter().filter(|check| check.status == "SKIPPED").map(|check| &check.reason).collect();
    assert_eq!(skipped, [""; 0], "a check that is skipped says nothing");
    assert!(counts["SUCCESS"] >= 70, "{counts:?}");
}

// It removes more people than a brake lets through.
const NO_BRAKE: (&str, &str) = ("MUSTER_DEACTIVATION_BRAKE_PERCENT", "100");

#[tokio::test(flavor = "multi_thread")]
async fn every_check_of_scim2_tester_succeeds_over_sqlite() {
    conforms(&Installation::with(&[NO_BRAKE]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_of_scim2_tester_succeeds_over_postgres() {
    conforms(&Installation::on_postgres_with(&[NO_BRAKE]).await);
}
