//! What the server knows of itself.

mod catalogue;
mod people;
mod process;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use muster_domain::Clock;
use muster_domain::verification::{ChannelSet, ReadinessReader};
use muster_http::{BoxFuture, ProviderView, Vitals};
use muster_notify::Circuit;
use muster_persistence::{PoolStatus, Store};
use tokio::sync::Mutex;
use tokio::time::MissedTickBehavior;

use crate::build;

use crate::senders::Providers;
use people::People;

/// What the server knows of itself.
pub(crate) struct ServerVitals {
    metrics: PrometheusHandle,
    providers: Providers,
    pools: Box<dyn Fn() -> Vec<PoolStatus> + Send + Sync>,
    people: People,
}

/// Upper bounds in seconds, up to the deadline of a send.
const SEND_SECONDS: [f64; 9] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.5, 5.0];
/// Upper bounds in seconds: most requests take a few milliseconds, those that send a message up to some seconds.
const REQUEST_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How often what was measured is gathered, so that it takes no more memory where nobody asks for metrics.
const GATHERED_EVERY: Duration = Duration::from_secs(5);

impl ServerVitals {
    /// Begins to count, and gathers what is counted for as long as the runtime lives. A process counts once: of several
    /// of these only the first sees anything. `channels` are those that are on.
    ///
    /// # Errors
    /// When a histogram's bounds are unusable.
    pub(crate) fn start(
        store: &Arc<Store>,
        providers: Providers,
        channels: ChannelSet,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let bounds = |name: &str| Matcher::Full(name.to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(bounds("muster_notify_send_seconds"), &SEND_SECONDS)?
            .set_buckets_for_metric(bounds("muster_http_request_seconds"), &REQUEST_SECONDS)?
            .build_recorder();
        let metrics = recorder.handle();
        let _ = metrics::set_global_recorder(recorder);
        catalogue::describe();
        catalogue::begin_at_zero();
        metrics::gauge!("muster_build_info", "version" => build::NUMBER, "commit" => build::COMMIT).set(1.0);
        let micros = clock.now().unix_timestamp_nanos() / 1_000;
        #[expect(clippy::cast_precision_loss, reason = "microseconds of this age are counted exactly")]
        metrics::gauge!("process_start_time_seconds").set(micros as f64 / 1e6);
        let gathered = metrics.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(GATHERED_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                gathered.run_upkeep();
            }
        });
        let reader: Arc<dyn ReadinessReader> = store.clone();
        let store = store.clone();
        Ok(Self {
            metrics,
            providers,
            pools: Box::new(move || store.pools()),
            people: People { reader, channels, clock, counted: Arc::new(Mutex::new(None)) },
        })
    }

    /// Looks at what is a state and no event: also before anything happened, and after the last that did.
    async fn observe(&self, brakes: Option<usize>) {
        if let Some(brakes) = brakes {
            metrics::gauge!("muster_directory_brakes_engaged").set(number(brakes));
        }
        for state in self.providers.states() {
            let open = if state.circuit == Circuit::Open { 1.0 } else { 0.0 };
            metrics::gauge!("muster_notify_circuit_open", "provider" => state.provider).set(open);
        }
        for pool in (self.pools)() {
            metrics::gauge!("muster_db_connections_open", "pool" => pool.name).set(number(pool.open));
            metrics::gauge!("muster_db_connections_in_use", "pool" => pool.name).set(number(pool.in_use));
            metrics::gauge!("muster_db_connections_waiting", "pool" => pool.name).set(number(pool.waiting));
            metrics::gauge!("muster_db_connections_most", "pool" => pool.name).set(number(pool.most));
        }
        process::observe();
        self.people.observe().await;
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl Vitals for ServerVitals {
    fn providers(&self) -> Vec<ProviderView> {
        let states = self.providers.states().into_iter();
        states.map(|state| ProviderView { name: state.provider, circuit: state.circuit.as_str() }).collect()
    }

    fn metrics(&self, brakes: Option<usize>) -> BoxFuture<'_, String> {
        Box::pin(async move {
            self.observe(brakes).await;
            self.metrics.render()
        })
    }
}
