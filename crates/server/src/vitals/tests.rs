//! The catalogue against the code, the docs, the alerts and the dashboard; counting people.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusBuilder;
use muster_domain::StoreError;
use muster_domain::verification::{Census, ChannelSet, Method, ReadinessReader};
use muster_testkit::FixedClock;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::catalogue::{Kind, METRICS};
use super::people::People;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// Every name of a metric in a text, without what Prometheus adds to a histogram's.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let of_ours = words.filter(|word| word.starts_with("muster_") || word.starts_with("process_"));
    let bare = |word: &str| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| word.strip_suffix(suffix));
        base.filter(|base| METRICS.iter().any(|metric| metric.name == *base)).unwrap_or(word).to_owned()
    };
    of_ours.map(bare).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// Every metric that the code sets, by the macro that does: its first argument is always the name itself.
fn in_code() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut files = Vec::new();
    for krate in fs::read_dir(repository().join("crates")).unwrap().map(|krate| krate.unwrap().path().join("src")) {
        sources(&krate, &mut files);
    }
    let mut metrics = BTreeMap::<_, BTreeSet<_>>::new();
    for file in files.iter().filter(|file| !file.ends_with("vitals/tests.rs")) {
        let code = fs::read_to_string(file).unwrap();
        for kind in ["counter", "gauge", "histogram"] {
            for (_, rest) in
                code.match_indices(&format!("metrics::{kind}!(")).map(|(at, found)| code[at..].split_at(found.len()))
            {
                let name = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                // `Gauged` in crates/crypto is given its name.
                if let Some(name) = name {
                    metrics.entry(name.to_owned()).or_default().insert(kind);
                }
            }
        }
        for (_, rest) in code.match_indices("Gauged::new(\"").map(|(at, found)| code[at..].split_at(found.len())) {
            metrics.entry(rest.split('"').next().unwrap().to_owned()).or_default().insert("gauge");
        }
    }
    metrics
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[test]
fn catalogue_has_every_metric_of_the_code_and_no_other() {
    let listed: BTreeMap<_, _> =
        METRICS.iter().map(|metric| (metric.name.to_owned(), BTreeSet::from([kind(metric.kind)]))).collect();
    assert_eq!(listed.len(), METRICS.len(), "a metric stands there twice");
    assert_eq!(in_code(), listed);
}

#[test]
fn operations_lists_every_metric_as_the_catalogue_does() {
    let page = text("docs/operations.md");
    let section = page.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = METRICS
        .iter()
        .map(|metric| {
            let labels = metric.labels.split(',').filter(|label| !label.is_empty());
            let labels: Vec<_> = labels.map(|label| format!("`{label}`")).collect();
            format!("| `{}` | {} | {} | {} |", metric.name, kind(metric.kind), labels.join(", "), metric.meaning)
        })
        .collect();
    assert_eq!(rows, expected, "the table in docs/operations.md is to be\n{}", expected.join("\n"));
}

#[test]
fn alerts_name_metrics_that_exist_and_places_in_the_docs() {
    let alerts = text("deploy/prometheus/alerts.yaml");
    let known: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(named(&alerts).difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    let rules: Vec<_> = alerts.split("\n      - alert: ").skip(1).collect();
    assert!(rules.len() > 15, "{}", rules.len());
    for rule in rules {
        let after = |field: &str| rule.split(field).nth(1).and_then(|rest| rest.lines().next()).map(str::trim);
        assert!(matches!(after("\n          severity: "), Some("page" | "ticket")), "{rule}");
        assert!(after("\n          summary: ").is_some_and(|summary| !summary.is_empty()), "{rule}");
        assert!(rule.contains("\n        expr: "), "{rule}");
        let (page, anchor) = after("\n          runbook_url: ").and_then(|url| url.split_once('#')).unwrap();
        let slug = |heading: &str| {
            let kept =
                heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -".contains(*c)).collect::<String>();
            kept.replace(' ', "-")
        };
        let page = text(page);
        let mut headings = page.lines().filter_map(|line| line.strip_prefix("## "));
        assert!(headings.any(|heading| slug(heading) == anchor), "there is no such heading: {anchor}");
    }
}

/// By Prometheus' own tool, where it is installed.
#[test]
fn promtool_finds_the_alerts_sound() {
    let tool = || std::process::Command::new("promtool");
    if tool().arg("--version").output().is_err() {
        println!("promtool is not installed: the alerts were not evaluated");
        return;
    }
    for arguments in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]] {
        let checked = tool().args(arguments).current_dir(repository().join("deploy/prometheus")).output().unwrap();
        let told = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{told}");
    }
}

#[test]
fn dashboard_has_the_shape_that_grafana_reads_and_shows_every_metric() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/dashboard.json")).unwrap();
    assert_eq!((&dashboard["uid"], &dashboard["title"]), (&"muster".into(), &"Muster".into()));
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["type"] == "datasource" && variable["query"] == "prometheus"));
    let (mut ids, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24 && place("h") > 0, "{panel}");
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["type"] == "timeseries" || panel["type"] == "stat", "{panel}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            assert_eq!(target["datasource"]["uid"], "${datasource}");
            assert!(target["refId"].is_string() && target["legendFormat"].is_string(), "{target}");
            shown.extend(named(target["expr"].as_str().unwrap()));
        }
    }
    assert_eq!(shown, METRICS.iter().map(|metric| metric.name.to_owned()).collect());
}

/// A store that counts how often it was asked, and answers once it is let.
#[derive(Default)]
struct Roster {
    asked: AtomicUsize,
    answer: Notify,
    gone: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl ReadinessReader for Roster {
    async fn census(&self, _: ChannelSet) -> Result<Census, StoreError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) as u64;
        self.answer.notified().await;
        if self.gone.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to be gone".into()));
        }
        Ok(Census { active: 10, ready: 4 + asked, missing: vec![(Method::Sms, 6 - asked)] })
    }
}

fn people(roster: &Arc<Roster>) -> People {
    let clock = Arc::new(FixedClock::default());
    People { reader: roster.clone(), channels: ChannelSet::ALL, clock, counted: Arc::default() }
}

/// Runs what is measured, and hands it how to read the metrics.
fn measured(test: impl AsyncFnOnce(&dyn Fn() -> String)) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let shown = || {
        let all = handle.render();
        let mut lines: Vec<_> = all.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    metrics::with_local_recorder(&recorder, || runtime.block_on(test(&shown)));
}

#[test]
fn people_are_counted_once_a_minute() {
    measured(async |shown| {
        let roster = Arc::new(Roster::default());
        let people = people(&roster);
        roster.answer.notify_one();
        people.observe().await;
        people.observe().await;
        assert_eq!(roster.asked.load(Ordering::SeqCst), 1);
        for line in [
            "muster_people{readiness=\"ready\"} 4",
            "muster_people{readiness=\"not_ready\"} 6",
            "muster_people_missing{channel=\"sms\"} 6",
        ] {
            assert!(shown().contains(line), "{line} in {}", shown());
        }
        *people.counted.lock().await = Instant::now().checked_sub(Duration::from_secs(61));
        roster.answer.notify_one();
        people.observe().await;
        assert!(shown().contains("muster_people{readiness=\"ready\"} 5"), "{}", shown());
    });
}

#[test]
fn a_slow_count_is_not_begun_twice_and_ends_for_the_next() {
    measured(async |shown| {
        let roster = Arc::new(Roster::default());
        let people = people(&roster);
        let began = Instant::now();
        people.observe().await;
        let waited = began.elapsed();
        let again = Instant::now();
        assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(4), "{waited:?}");
        people.observe().await;
        assert!(again.elapsed() < Duration::from_secs(1), "nobody waits for a count that somebody else began");
        assert_eq!(roster.asked.load(Ordering::SeqCst), 1);
        assert!(!shown().contains("muster_people{"));
        roster.answer.notify_one();
        tokio::time::sleep(Duration::from_millis(10)).await;
        people.observe().await;
        assert_eq!(roster.asked.load(Ordering::SeqCst), 1);
        assert!(shown().contains("muster_people{readiness=\"ready\"} 4"), "{}", shown());
    });
}

#[test]
fn while_the_store_is_gone_the_last_count_stays() {
    measured(async |shown| {
        let roster = Arc::new(Roster::default());
        let people = people(&roster);
        roster.answer.notify_one();
        people.observe().await;
        let before = shown();
        roster.gone.store(true, Ordering::SeqCst);
        *people.counted.lock().await = Instant::now().checked_sub(Duration::from_secs(61));
        for _ in 0..2 {
            roster.answer.notify_one();
            people.observe().await;
        }
        assert_eq!(roster.asked.load(Ordering::SeqCst), 3, "each who asks tries again");
        assert_eq!(shown(), before);
    });
}
