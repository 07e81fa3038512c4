use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Whether sends reach a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// They do.
    Closed,
    /// It failed again and again: sends fail at once.
    Open,
    /// It may be back: the next send tries it.
    HalfOpen,
}

impl Circuit {
    /// `closed`, `open` or `half-open`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// Fails fast while a provider is down.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures: u32,
    cool_down: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures_in_a_row: u32 },
    Open { until: Instant },
}

impl Breaker {
    pub(crate) fn new(failures: u32, cool_down: Duration) -> Self {
        Self { failures, cool_down, state: Mutex::new(State::Closed { failures_in_a_row: 0 }) }
    }

    pub(crate) fn circuit(&self) -> Circuit {
        match *self.state() {
            State::Closed { .. } => Circuit::Closed,
            State::Open { until } if Instant::now() < until => Circuit::Open,
            State::Open { .. } => Circuit::HalfOpen,
        }
    }

    /// Whether a send may try the provider. Of those that ask of a half-open circuit one may, and the others not before
    /// it is known what came of that, or another cool-down has passed because it was given up.
    pub(crate) fn admit(&self) -> bool {
        let now = Instant::now();
        match &mut *self.state() {
            State::Closed { .. } => true,
            State::Open { until } if now < *until => false,
            State::Open { until } => {
                *until = now + self.cool_down;
                true
            }
        }
    }

    pub(crate) fn succeeded(&self) {
        *self.state() = State::Closed { failures_in_a_row: 0 };
    }

    pub(crate) fn failed(&self) {
        let mut state = self.state();
        let failures_in_a_row = match *state {
            State::Closed { failures_in_a_row } => failures_in_a_row.saturating_add(1),
            State::Open { .. } => self.failures,
        };
        *state = if failures_in_a_row >= self.failures {
            State::Open { until: Instant::now() + self.cool_down }
        } else {
            State::Closed { failures_in_a_row }
        };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
