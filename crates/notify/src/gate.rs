use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use muster_domain::verification::{NotifyError, Receipt};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;

use crate::attempt::AttemptError;
use crate::breaker::{Breaker, Circuit};
use crate::policy::Policy;

/// The way to one provider, which holds every send to the [`Policy`]. Records metrics under `muster_notify_…`, labelled
/// with the provider's name and the outcome, never with anything of a message.
#[derive(Debug)]
pub struct Gate {
    provider: &'static str,
    policy: Policy,
    places: Semaphore,
    breaker: Breaker,
}

/// Whether a provider can be reached, for those who run the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderState {
    /// Which provider, for example `ses`.
    pub provider: &'static str,
    /// Whether sends reach it.
    pub circuit: Circuit,
}

/// Why a send failed before the provider was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotTried {
    #[error("it failed again and again and is left alone for a while")]
    CircuitOpen,
    #[error("too many sends to it are under way")]
    NoPlace,
}

impl Gate {
    /// The gate of the provider of that name, with its circuit closed.
    #[must_use]
    pub fn new(provider: &'static str, policy: Policy) -> Self {
        Self {
            provider,
            policy,
            places: Semaphore::new(policy.concurrency),
            breaker: Breaker::new(policy.failures, policy.cool_down),
        }
    }

    /// Whether the provider can be reached.
    #[must_use]
    pub fn state(&self) -> ProviderState {
        ProviderState { provider: self.provider, circuit: self.breaker.circuit() }
    }

    /// Makes an attempt, and again while the policy allows.
    ///
    /// # Errors
    /// What the last attempt came to; [`NotifyError::TimedOut`] at the deadline; [`NotifyError::Unavailable`] without an
    /// attempt while the circuit is open or when no place came free before the deadline.
    pub async fn send<Attempt, Sending>(&self, attempt: Attempt) -> Result<Receipt, NotifyError>
    where
        Attempt: Fn() -> Sending,
        Sending: Future<Output = Result<Receipt, AttemptError>>,
    {
        let began = Instant::now();
        let span = tracing::info_span!("send", provider = self.provider, outcome = Empty, otel.kind = "client");
        let result = self.within_deadline(began + self.policy.deadline, attempt).instrument(span.clone()).await;
        let outcome = outcome(&result);
        span.record("outcome", outcome);
        metrics::counter!("muster_notify_sends_total", "provider" => self.provider, "outcome" => outcome).increment(1);
        metrics::histogram!("muster_notify_send_seconds", "provider" => self.provider)
            .record(began.elapsed().as_secs_f64());
        result
    }

    async fn within_deadline<Attempt, Sending>(
        &self,
        deadline: Instant,
        attempt: Attempt,
    ) -> Result<Receipt, NotifyError>
    where
        Attempt: Fn() -> Sending,
        Sending: Future<Output = Result<Receipt, AttemptError>>,
    {
        let not_tried = |why: NotTried| Err(NotifyError::Unavailable(Box::new(why)));
        // Asked before and after the wait for a place: a provider that goes down meanwhile fails those who wait at once.
        if self.breaker.circuit() == Circuit::Open {
            return not_tried(NotTried::CircuitOpen);
        }
        let Ok(Ok(_place)) = timeout_at(deadline, self.places.acquire()).await else {
            return not_tried(NotTried::NoPlace);
        };
        // An attempt that would be broken off soon might deliver and be told as failed.
        if Instant::now() + self.policy.least_time > deadline {
            return not_tried(NotTried::NoPlace);
        }
        if !self.breaker.admit() {
            return not_tried(NotTried::CircuitOpen);
        }
        let result = timeout_at(deadline, self.retrying(attempt)).await;
        match &result {
            Ok(Err(error)) if !error.is_outage() => self.breaker.succeeded(),
            Ok(Ok(_)) => self.breaker.succeeded(),
            Ok(Err(_)) | Err(_) => self.breaker.failed(),
        }
        match result {
            Ok(result) => result.map_err(NotifyError::from),
            Err(_) => Err(NotifyError::TimedOut),
        }
    }

    async fn retrying<Attempt, Sending>(&self, attempt: Attempt) -> Result<Receipt, AttemptError>
    where
        Attempt: Fn() -> Sending,
        Sending: Future<Output = Result<Receipt, AttemptError>>,
    {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.policy.backoff)
            .with_factor(3.0)
            .with_max_times(self.policy.retries)
            .with_jitter();
        attempt
            .retry(backoff)
            .sleep(tokio::time::sleep)
            .when(|error| {
                error.may_be_tried_again() && error.retry_after().unwrap_or_default() <= self.policy.longest_wait
            })
            .adjust(|error, delay: Option<Duration>| {
                delay.map(|delay| delay.max(error.retry_after().unwrap_or_default()))
            })
            .notify(|_, _| {
                metrics::counter!("muster_notify_retries_total", "provider" => self.provider).increment(1);
            })
            .await
    }
}

fn outcome(result: &Result<Receipt, NotifyError>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(NotifyError::Rejected(_)) => "rejected",
        Err(NotifyError::Gone { .. }) => "gone",
        Err(NotifyError::Throttled { .. }) => "throttled",
        Err(NotifyError::Unavailable(cause)) => match cause.downcast_ref() {
            Some(NotTried::CircuitOpen) => "circuit_open",
            Some(NotTried::NoPlace) => "no_place",
            None => "unavailable",
        },
        Err(NotifyError::TimedOut) => "timed_out",
    }
}
