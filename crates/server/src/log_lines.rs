//! Production's log: one JSON object a line, with the fields of the spans around an event and its own.

use std::fmt;
use std::io::Write;
use std::ops::Range;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Writes each event as one line: the time, the level, the message, whose code it is from, then its fields and those of
/// the spans around it. Of fields with one name the innermost stands. A span's fields become JSON when they are recorded,
/// not with each line.
pub(crate) struct JsonLines<W> {
    out: W,
}

impl<W> JsonLines<W> {
    /// Lines go to `out`, each in one write.
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }
}

/// What a span or an event says: each field's name, and where in `json` its value is.
#[derive(Default)]
struct Fields {
    values: Vec<(&'static str, Range<usize>)>,
    json: Vec<u8>,
}

impl Fields {
    fn put<T: Serialize + ?Sized>(&mut self, field: &Field, value: &T) {
        let name = field.name();
        // What two libraries tell themselves.
        if name.starts_with("otel.") || name.starts_with("log.") {
            return;
        }
        let begin = self.json.len();
        if serde_json::to_writer(&mut self.json, value).is_err() {
            return;
        }
        let at = begin..self.json.len();
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, kept)) => *kept = at,
            None => self.values.push((name, at)),
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.values.iter().map(|(name, at)| (*name, self.json.get(at.clone()).unwrap_or_default()))
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut time = String::new();
        if SystemTime.format_time(&mut Writer::new(&mut time)).is_err() {
            time.clear();
        }
        // Of what came by the crate log, as reqwest's, the event itself names neither level nor target.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let (level, target) = (metadata.level(), metadata.target());
        let message = own.iter().find(|(name, _)| *name == "message").map_or(&b"null"[..], |(_, message)| message);

        let mut line = Vec::with_capacity(512);
        // Nothing that is written to memory fails.
        let _ = write!(line, r#"{{"timestamp":"{time}","level":"{level}","message":"#);
        line.extend_from_slice(message);
        let _ = write!(line, r#","target":"{target}""#);
        let mut written = vec!["timestamp", "level", "message", "target"];
        add(&mut line, &mut written, &own);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                add(&mut line, &mut written, fields);
            }
        }
        line.extend_from_slice(b"}\n");
        // There is nobody else to tell that the log cannot be written.
        let _ = self.out.make_writer_for(metadata).write_all(&line);
    }
}

/// Adds the fields whose names are not written yet.
fn add(line: &mut Vec<u8>, written: &mut Vec<&'static str>, fields: &Fields) {
    for (name, json) in fields.iter() {
        if !written.contains(&name) {
            written.push(name);
            let _ = write!(line, r#","{}":"#, name.strip_prefix("r#").unwrap_or(name));
            line.extend_from_slice(json);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines of what `work` logs, without the time.
    fn lines(work: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let out = kept.clone();
        with_default(tracing_subscriber::registry().with(JsonLines::new(move || out.clone())), work);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let parse = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            assert!(line.as_object_mut().unwrap().remove("timestamp").unwrap().as_str().unwrap().ends_with('Z'));
            line
        };
        text.lines().map(parse).collect()
    }

    #[test]
    fn a_line_has_the_fields_of_all_spans_around_it_and_the_innermost_of_one_name() {
        let logged = lines(|| {
            let outer = tracing::info_span!("request", id = 7, who = Empty, outcome = "none", otel.kind = "server");
            let _outer = outer.enter();
            outer.record("who", "grace");
            outer.record("who", "ada");
            let _inner = tracing::info_span!("send", outcome = "sent", late = false).entered();
            tracing::info!(id = 8_u64, took = 0.5, never = f64::NAN, otel.status = "x", "done");
        });
        let target = "muster_server::log_lines::tests";
        assert_eq!(
            logged,
            [json!({
                "level": "INFO", "message": "done", "target": target, "id": 8, "took": 0.5, "never": null,
                "outcome": "sent", "late": false, "who": "ada"
            })]
        );
    }

    #[test]
    fn what_is_said_stays_one_line_and_a_text() {
        let logged = lines(|| tracing::warn!(cause = ?"a \"b\"", r#type = %"x\ny", "broke\n\u{1}}}{{"));
        let target = "muster_server::log_lines::tests";
        assert_eq!(
            logged,
            [json!({
                "level": "WARN", "message": "broke\n\u{1}}{", "target": target, "cause": "\"a \\\"b\\\"\"",
                "type": "x\ny"
            })]
        );
    }

    #[test]
    fn an_event_without_a_message_is_a_line_too() {
        let logged = lines(|| tracing::error!(count = -1));
        assert_eq!((&logged[0]["message"], &logged[0]["count"]), (&Value::Null, &json!(-1)));
    }
}
