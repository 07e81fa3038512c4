use std::fmt;
use std::io::{self, IsTerminal};

use muster_domain::with_causes;
use serde_json::{Map, Value};
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt as lines, registry};

use crate::config::{Config, Mode};
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
    let log = lines::layer().with_writer(io::stderr);
    let log = match config.mode {
        Mode::Development => log.with_ansi(io::stderr().is_terminal()).boxed(),
        Mode::Production => log.fmt_fields(JsonFields::new()).event_format(Flat).boxed(),
    };
    let started = registry().with(traces).with(log.with_filter(EnvFilter::new(&config.log))).try_init();
    if let (Ok(()), Some(error)) = (started, failed) {
        tracing::error!(cause = with_causes(&error), "no traces are sent");
    }
}

/// What Muster itself does; of the rest a trace would hold the exporter's own requests, and never end.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("muster")
}

/// One JSON object a line: the time, the level, the message, whose code it is from, and then the fields of the spans
/// around it and its own.
struct Flat;

impl<S, N> FormatEvent<S, N> for Flat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(registry::Scope::from_root) {
            let kept = span.extensions();
            let kept = kept.get::<FormattedFields<N>>().map(|kept| serde_json::from_str(kept));
            if let Some(Ok(Value::Object(of_span))) = kept {
                fields.extend(of_span.into_iter().filter(|(name, _)| !name.starts_with("otel.")));
            }
        }
        // As a span's fields are written, which is the one way to have them as JSON.
        let mut own = String::new();
        JsonFields::new().format_fields(Writer::new(&mut own), event)?;
        if let Ok(Value::Object(own)) = serde_json::from_str(&own) {
            fields.extend(own);
        }
        let message = fields.remove("message").unwrap_or_default();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        // Of what came by the crate log, as reqwest's, the event itself names neither.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let (level, target) = (metadata.level(), metadata.target());
        write!(line, r#"{{"timestamp":"{time}","level":"{level}","message":{message},"target":"{target}""#)?;
        for (name, value) in fields {
            write!(line, ",{}:{value}", Value::String(name))?;
        }
        writeln!(line, "}}")
    }
}
