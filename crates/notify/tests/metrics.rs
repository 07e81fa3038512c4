//! What is counted, in a process of its own: a recorder is the process's.

use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use muster_domain::verification::Receipt;
use muster_notify::{AttemptError, Gate, Policy, Refusal};

#[tokio::test(start_paused = true)]
async fn outcomes_and_retries_are_counted_by_provider() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();
    let gate = Gate::new("ses", Policy { failures: 1, cool_down: Duration::from_secs(1), ..Policy::default() });
    gate.send(|| async { Ok(Receipt::default()) }).await.unwrap();
    let refusal = || Box::new(Refusal { status: 503, code: None });
    gate.send(|| async { Err(AttemptError::not_accepted(refusal())) }).await.unwrap_err();
    gate.send(|| async { Ok(Receipt::default()) }).await.unwrap_err();

    let mut seen: Vec<String> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let labels: Vec<String> =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(value) => value.to_string(),
                DebugValue::Histogram(values) => format!("{} values", values.len()),
            };
            format!("{}{{{}}} {value}", key.key().name(), labels.join(","))
        })
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            "muster_notify_retries_total{provider=ses} 2",
            "muster_notify_send_seconds{provider=ses} 3 values",
            "muster_notify_sends_total{provider=ses,outcome=accepted} 1",
            "muster_notify_sends_total{provider=ses,outcome=circuit_open} 1",
            "muster_notify_sends_total{provider=ses,outcome=unavailable} 1",
        ]
    );
}
