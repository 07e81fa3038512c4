use std::io::{self, IsTerminal};

use muster_domain::with_causes;
use tracing::Metadata;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt as lines, registry};

use crate::config::{Config, Mode};
use crate::log_lines::JsonLines;
use crate::telemetry;

/// Starts logging to standard error: for people in development, one JSON object a line in production. Traces are sent from
/// now on, when the configuration says where to. Does nothing when something logs already.
pub(crate) fn start(config: &Config) {
    telemetry::understand_callers();
    let (maker, failed) = match config.tracing.as_ref().map(telemetry::start).transpose() {
        Ok(maker) => (maker, None),
        Err(error) => (None, Some(error)),
    };
    let traces = maker.map(|tracer| {
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        // Where it happened in the code, on which thread and after how much waiting are no business of a trace's readers.
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
        layer.with_level(false).with_filter(filter_fn(is_ours)).with_filter(LevelFilter::INFO)
    });
    let log = match config.mode {
        Mode::Development => lines::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).boxed(),
        Mode::Production => JsonLines::new(io::stderr).boxed(),
    };
    let filter = EnvFilter::new(format!("{QUIET},{}", config.log));
    let started = registry().with(traces).with(log.with_filter(filter)).try_init();
    if let (Ok(()), Some(error)) = (started, failed) {
        tracing::error!(cause = with_causes(&error), "no traces are sent");
    }
}

/// Actix logs each head that is malformed as an error, and any scanner sends those; the client has its 400. `MUSTER_LOG`
/// wins where it names the same target.
const QUIET: &str = "actix_http::h1::dispatcher=off";

/// What Muster itself does; of the rest a trace would hold the exporter's own requests, and never end.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("muster")
}
