use std::cell::Cell;
use std::time::{Duration, Instant};

/// How late a sleep may end and still be the timer's fault, whose step is a millisecond.
const TIMER_STEP: Duration = Duration::from_millis(2);

/// When requests are sent: as soon as a connection is free, or at a steady rate over all of them.
pub(crate) struct Schedule {
    begin: Instant,
    pub(crate) measured_from: Instant,
    pub(crate) end: Instant,
    /// The time from one request to the next, when there is a rate.
    every: Option<Duration>,
    taken: Cell<u32>,
}

impl Schedule {
    pub(crate) fn new(begin: Instant, warmup: Duration, measured: Duration, rate: Option<f64>) -> Self {
        let measured_from = begin + warmup;
        let every = rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        Self { begin, measured_from, end: measured_from + measured, every, taken: Cell::new(0) }
    }

    /// Waits for the next request's time. Gives the instant that its latency counts from: when it was due, though what
    /// a free connection overslept by the timer's step is not the server's. Nothing once the time is over.
    pub(crate) async fn next(&self) -> Option<Instant> {
        let now = Instant::now();
        if now >= self.end {
            return None;
        }
        let Some(every) = self.every else {
            return Some(now);
        };
        let due = self.begin + every * self.taken.get();
        if due >= self.end {
            return None;
        }
        self.taken.set(self.taken.get() + 1);
        if due <= now {
            return Some(due);
        }
        tokio::time::sleep_until(due.into()).await;
        let woken = Instant::now();
        Some(if woken - due < TIMER_STEP { woken } else { due })
    }

    /// How many requests were due and never sent, since all connections were busy to the end.
    pub(crate) fn unsent(&self) -> u32 {
        let Some(every) = self.every else {
            return 0;
        };
        let due = (self.end - self.begin).as_nanos().div_ceil(every.as_nanos().max(1));
        u32::try_from(due).unwrap_or(u32::MAX).saturating_sub(self.taken.get())
    }
}
