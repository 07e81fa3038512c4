use std::future::ready;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use muster_http::{BoxFuture, ProviderView, Vitals};
use muster_notify::Circuit;
use tokio::time::MissedTickBehavior;

use crate::senders::Providers;

/// What the server knows of itself.
pub(crate) struct ServerVitals {
    metrics: PrometheusHandle,
    providers: Providers,
}

/// Upper bounds in seconds, up to the deadline of a send.
const SEND_SECONDS: [f64; 9] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.5, 5.0];

/// How often what was measured is gathered, so that it takes no more memory where nobody asks for metrics.
const GATHERED_EVERY: Duration = Duration::from_secs(5);

impl ServerVitals {
    /// Begins to count, and gathers what is counted for as long as the runtime lives. A process counts once: of several
    /// of these only the first sees anything.
    ///
    /// # Errors
    /// When a histogram's bounds are unusable.
    pub(crate) fn start(providers: Providers) -> Result<Self, BuildError> {
        let send_seconds = Matcher::Full("muster_notify_send_seconds".to_owned());
        let recorder = PrometheusBuilder::new().set_buckets_for_metric(send_seconds, &SEND_SECONDS)?.build_recorder();
        let metrics = recorder.handle();
        let _ = metrics::set_global_recorder(recorder);
        describe();
        let gathered = metrics.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(GATHERED_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                gathered.run_upkeep();
            }
        });
        Ok(Self { metrics, providers })
    }
}

fn describe() {
    metrics::describe_counter!(
        "muster_codes_refused_total",
        "Codes that were asked for and refused, by method and reason"
    );
    metrics::describe_gauge!(
        "muster_directory_brakes_engaged",
        "How many of the directory's clients have their deactivations refused until an admin releases the brake"
    );
    metrics::describe_counter!(
        "muster_directory_deactivations_refused_total",
        "Deactivations by the directory that were refused because the client's brake holds"
    );
    metrics::describe_counter!("muster_notify_sends_total", "Messages that were to go out, by provider and outcome");
    metrics::describe_counter!("muster_notify_retries_total", "Attempts that were made again, by provider");
    metrics::describe_gauge!(
        "muster_notify_circuit_open",
        "1 while a provider is left alone because it failed again and again, else 0"
    );
    metrics::describe_histogram!(
        "muster_notify_send_seconds",
        metrics::Unit::Seconds,
        "How long handing over a message took, retries included, by provider"
    );
}

impl Vitals for ServerVitals {
    fn providers(&self) -> Vec<ProviderView> {
        let states = self.providers.states().into_iter();
        states.map(|state| ProviderView { name: state.provider, circuit: state.circuit.as_str() }).collect()
    }

    /// A circuit is a state and no event, so it is looked at when it is asked for: also before the first message, and
    /// after the last.
    fn metrics(&self, brakes: Option<usize>) -> BoxFuture<'_, String> {
        if let Some(brakes) = brakes.and_then(|brakes| u32::try_from(brakes).ok()) {
            metrics::gauge!("muster_directory_brakes_engaged").set(brakes);
        }
        for state in self.providers.states() {
            let open = if state.circuit == Circuit::Open { 1.0 } else { 0.0 };
            metrics::gauge!("muster_notify_circuit_open", "provider" => state.provider).set(open);
        }
        Box::pin(ready(self.metrics.render()))
    }
}
