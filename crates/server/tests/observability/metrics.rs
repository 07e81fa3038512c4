use std::collections::BTreeMap;

use serde_json::json;

use crate::common::Folder;
use crate::common::client::{Client, http};

/// What docs/operations.md says of each metric: its type and its labels.
fn documented() -> BTreeMap<String, (String, Vec<String>)> {
    let page = include_str!("../../../../docs/operations.md");
    let section = page.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let row = |row| {
        let cells = cells(row);
        let labels = cells[2].split(", ").map(|label| label.trim_matches('`').to_owned()).collect();
        (cells[0].trim_matches('`').to_owned(), (cells[1].clone(), labels))
    };
    rows.map(row).collect()
}

struct Scrape(String);

impl Scrape {
    async fn of(url: &str) -> Self {
        let answer = http().get(format!("{url}/metrics")).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        Self(answer.text().await.unwrap())
    }

    /// The value of a series, written as Prometheus does.
    fn value(&self, series: &str) -> f64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in\n{}", self.0)).parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_of_requests_codes_sessions_people_the_pool_and_the_process() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let me = grace.get("/api/users/me").await;
    assert_eq!(
        grace.send(reqwest::Method::GET, &format!("/api/users/{}", me["id"].as_str().unwrap()), None).await.status(),
        200
    );
    assert_eq!(grace.send(reqwest::Method::GET, "/nowhere", None).await.status(), 404);
    let code = grace.code("email").await;
    assert_eq!(grace.verify("email", &code).await.status(), 200);
    let token = grace.open_session().await;
    assert_eq!(grace.refresh(&token).await.status(), 200);
    let account = json!({ "account": "nobody", "password": "wrong" });
    assert_eq!(grace.post("/auth/break-glass", account).await.status(), 401);

    let scrape = Scrape::of(&server.url).await;
    for (series, value) in [
        (r#"muster_http_requests_total{method="GET",route="/api/users/me",status="200"}"#, 1.0),
        (r#"muster_http_requests_total{method="GET",route="/api/users/{id}",status="200"}"#, 1.0),
        (r#"muster_http_requests_total{method="GET",route="unmatched",status="404"}"#, 1.0),
        (r#"muster_http_request_seconds_count{method="GET",route="/api/users/me"}"#, 1.0),
        (r#"muster_challenges_total{method="email",outcome="completed"}"#, 1.0),
        (r#"muster_sessions_total{outcome="issued"}"#, 1.0),
        (r#"muster_sessions_total{outcome="refreshed"}"#, 1.0),
        // Nothing of the kind happened, and an alarm needs to see it begin.
        (r#"muster_sessions_total{outcome="replayed"}"#, 0.0),
        (r#"muster_break_glass_sign_ins_total{outcome="refused"}"#, 1.0),
        (r#"muster_db_connections_most{pool="write"}"#, 1.0),
        (r#"muster_db_connections_waiting{pool="read"}"#, 0.0),
        (r#"muster_people{readiness="ready"}"#, 0.0),
        ("muster_directory_brakes_engaged", 0.0),
    ] {
        assert!((scrape.value(series) - value).abs() < 1e-9, "{series} is {}", scrape.value(series));
    }
    let build = concat!("muster_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\",commit=\"");
    assert!(scrape.0.contains(build), "no commit is told");
    let people = scrape.value(r#"muster_people{readiness="not_ready"}"#);
    assert!(people >= 3.0, "{people}");
    // Grace has proven one channel before anybody counted.
    assert!((scrape.value(r#"muster_people_missing{channel="email"}"#) - (people - 1.0)).abs() < 1e-9);
    assert!((scrape.value(r#"muster_people_missing{channel="sms"}"#) - people).abs() < 1e-9);
    assert!(scrape.value("process_resident_memory_bytes") > 1e6);
    assert!(scrape.value("process_open_fds") > 3.0);
    let counted = scrape.value("muster_people_counted_timestamp_seconds");
    assert!(counted >= scrape.value("process_start_time_seconds").floor());
    for secret in ["grace@example.com", "Grace", "+1202", me["id"].as_str().unwrap()] {
        assert!(!scrape.0.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_and_label_on_the_wire_is_documented() {
    let folder = Folder::new();
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    grace.code("sms").await;
    let documented = documented();
    assert!(documented.len() > 20, "{documented:?}");
    let scrape = Scrape::of(&server.url).await;
    let mut kinds = BTreeMap::new();
    for line in scrape.0.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            assert_eq!(documented.get(name).map(|(kind, _)| kind.as_str()), Some(kind), "{line}");
            assert!(scrape.0.contains(&format!("# HELP {name} ")), "{name} says what it is");
            kinds.insert(name, kind);
        } else if let Some((series, labels)) = line.split_once('{').filter(|_| !line.starts_with('#')) {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| series.strip_suffix(suffix));
            let name = base.filter(|base| documented.contains_key(*base)).unwrap_or(series);
            for label in labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(label, _)| label) {
                assert!(label == "le" || documented[name].1.iter().any(|known| known == label), "{line}");
            }
        }
    }
    assert!(kinds.len() > 15, "{kinds:?}");
}
