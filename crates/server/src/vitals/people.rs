use std::sync::Arc;
use std::time::Duration;

use muster_domain::verification::{Census, ChannelSet, ReadinessReader};
use muster_domain::{Clock, with_causes};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How old a count may be before people are counted again.
const FRESH: Duration = Duration::from_mins(1);
/// How long whoever asks for metrics waits for a count. One that takes longer goes on, for the next who asks.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts how many people can be reached, when metrics are asked for and never twice at once. While the store is gone the
/// last count stays.
pub(super) struct People {
    pub reader: Arc<dyn ReadinessReader>,
    pub channels: ChannelSet,
    pub clock: Arc<dyn Clock>,
    /// When they were counted last.
    pub counted: Arc<Mutex<Option<Instant>>>,
}

impl People {
    /// Sets the gauges, unless they are fresh.
    pub(super) async fn observe(&self) {
        let Ok(mut counted) = self.counted.clone().try_lock_owned() else {
            return;
        };
        if counted.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        let (reader, channels, clock) = (self.reader.clone(), self.channels, self.clock.clone());
        let counting = tokio::spawn(async move {
            match reader.census(channels).await {
                Ok(census) => {
                    set(&census, &*clock);
                    *counted = Some(Instant::now());
                }
                Err(error) => tracing::warn!(cause = with_causes(&error), "people could not be counted"),
            }
        });
        let _ = timeout(PATIENCE, counting).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "no roster has as many people as a float counts exactly")]
fn set(census: &Census, clock: &dyn Clock) {
    let not_ready = census.active.saturating_sub(census.ready);
    metrics::gauge!("muster_people", "readiness" => "ready").set(census.ready as f64);
    metrics::gauge!("muster_people", "readiness" => "not_ready").set(not_ready as f64);
    for (channel, people) in &census.missing {
        metrics::gauge!("muster_people_missing", "channel" => channel.as_str()).set(*people as f64);
    }
    metrics::gauge!("muster_people_counted_timestamp_seconds").set(clock.now().unix_timestamp() as f64);
}
