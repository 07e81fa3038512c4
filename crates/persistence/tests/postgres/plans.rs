//! How the server ran the statements of a store: what `auto_explain` wrote into its log.

use muster_persistence::Store;
use muster_testkit_postgres::Cluster;
use serde_json::Value;
use tokio::runtime::Handle;

use crate::{migrate, number, row, run};

/// A store with many people and a log of how its statements are run.
pub(crate) struct Filled {
    cluster: Cluster,
    pub(crate) store: Store,
}

/// One look at a table.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) table: String,
    pub(crate) whole: bool,
    /// How many rows were looked at, those that did not fit included.
    pub(crate) rows: f64,
}

impl Filled {
    pub(crate) async fn new() -> Self {
        let explain = [
            "session_preload_libraries=auto_explain",
            "auto_explain.log_min_duration=0",
            "auto_explain.log_format=json",
            "auto_explain.log_analyze=on",
            "auto_explain.log_timing=off",
        ];
        let cluster = Cluster::start_with(&explain).await;
        let url = cluster.url("postgres");
        migrate(url.clone()).await;
        let document = serde_json::to_string(&muster_domain::preferences::Preferences::default()).unwrap();
        run(&url, &include_str!("fill.sql").replace(":preferences", &format!("'{document}'"))).await;
        Self { store: Store::connect(&url, Handle::current()).unwrap(), cluster }
    }

    /// A store whose statements are logged with those that functions run.
    pub(crate) async fn with_nested_statements(&self) -> Store {
        self.run("ALTER DATABASE postgres SET auto_explain.log_nested_statements = on").await;
        Store::connect(&self.cluster.url("postgres"), Handle::current()).unwrap()
    }

    /// Runs statements beside the store.
    pub(crate) async fn run(&self, statements: &str) {
        run(&self.cluster.url("postgres"), statements).await;
    }

    /// The hash of which the filling made the bytes of a row.
    pub(crate) async fn bytes(&self, what: &str) -> [u8; 32] {
        let hash = row(&self.cluster.url("postgres"), &format!("SELECT sha256('{what}')")).await;
        hash.get::<_, Vec<u8>>(0).try_into().unwrap()
    }

    /// The first 21 by user name of those people who fit, as PostgreSQL finds them without any of the store's ways.
    pub(crate) async fn people(&self, fitting: &str) -> Vec<String> {
        let first = format!("SELECT * FROM users WHERE {fitting} ORDER BY user_name_key LIMIT 21");
        let names =
            format!("SELECT coalesce(array_agg(user_name ORDER BY user_name_key), '{{}}') FROM ({first}) AS first");
        row(&self.cluster.url("postgres"), &names).await.get(0)
    }

    /// What the statements of a unit of work looked at. It is done seven times, because from the sixth on the server may
    /// use one plan for all values.
    pub(crate) async fn scans<T, Work: Future<Output = T>>(&self, unit: impl Fn() -> Work) -> Vec<Scan> {
        let before = self.cluster.log().len();
        for _ in 0..7 {
            unit().await;
        }
        // A plan is written when its statement ends, which may be after its answer came.
        let url = self.cluster.url("postgres");
        let busy = "SELECT count(*) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()";
        while number(&url, busy).await > 0 {}
        let mut scans = Vec::new();
        for plan in self.cluster.log()[before..].split("  plan:\n").skip(1) {
            let lines = plan.lines().take_while(|line| line.starts_with('\t'));
            let plan: Value = serde_json::from_str(&lines.collect::<String>()).unwrap();
            add_scans(&plan["Plan"], &mut scans);
        }
        scans
    }
}

fn add_scans(node: &Value, scans: &mut Vec<Scan>) {
    // A bitmap's index scan names no table; the heap scan above it does.
    if let (Some(table), Some(kind)) = (node["Relation Name"].as_str(), node["Node Type"].as_str())
        && kind.ends_with("Scan")
    {
        let number = |field: &str| node[field].as_f64().unwrap_or(0.0);
        let looked_at =
            number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        scans.push(Scan {
            table: table.to_owned(),
            whole: kind == "Seq Scan",
            rows: looked_at * number("Actual Loops"),
        });
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        add_scans(child, scans);
    }
}
