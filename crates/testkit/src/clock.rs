use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_domain::{Clock, to_micros};
use time::{Duration, OffsetDateTime, macros::datetime};

/// A clock that stands still until it is moved. It starts at [`FixedClock::START`].
#[derive(Debug)]
pub struct FixedClock(Mutex<OffsetDateTime>);

impl FixedClock {
    /// Noon of a Sunday, so that whole days before and after are easy to read in a failure.
    pub const START: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);

    /// A clock that stands at [`FixedClock::START`].
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(Self::START))
    }

    /// Sets the time, cut to microseconds.
    pub fn set(&self, at: OffsetDateTime) {
        *self.time() = to_micros(at);
    }

    /// Moves the time on (or back, by a negative duration).
    pub fn advance(&self, by: Duration) {
        let mut time = self.time();
        *time = to_micros(*time + by);
    }

    fn time(&self) -> MutexGuard<'_, OffsetDateTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        *self.time()
    }
}
