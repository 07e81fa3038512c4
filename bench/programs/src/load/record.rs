//! What came of the requests.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Microseconds; what takes longer than two minutes counts as two minutes.
const LONGEST: u64 = 120_000_000;

pub(crate) struct Record {
    measured_from: Instant,
    last: Instant,
    latencies: Histogram<u64>,
    second: Histogram<u64>,
    statuses: BTreeMap<u16, u32>,
    errors: u32,
    unexpected: u32,
}

/// The outcome of the whole run.
#[derive(Serialize)]
pub(crate) struct Report {
    requests: u32,
    seconds: f64,
    rate: f64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    statuses: BTreeMap<u16, u32>,
    /// Connections that broke, answers that were none, and answers that lacked what was to be kept; of the warm-up too.
    errors: u32,
    /// Answers with another status than the expected one; of the warm-up too.
    unexpected: u32,
    /// Requests that were due and not sent.
    unsent: u32,
    /// The processor time of this program itself while it measured.
    cpu_seconds: f64,
}

/// One second of a run.
#[derive(Serialize)]
pub(crate) struct Second {
    rate: u32,
    p50_ms: f64,
    p99_ms: f64,
}

impl Record {
    pub(crate) fn new(measured_from: Instant) -> Result<Self, hdrhistogram::CreationError> {
        let latencies = Histogram::new_with_bounds(1, LONGEST, 3)?;
        let second = latencies.clone();
        let statuses = BTreeMap::new();
        Ok(Self { measured_from, last: measured_from, latencies, second, statuses, errors: 0, unexpected: 0 })
    }

    /// An answer to a request of that instant. The first unexpected one should be shown, which this tells.
    pub(crate) fn answer(&mut self, since: Instant, status: u16, expected: bool) -> bool {
        if !expected {
            self.unexpected += 1;
        }
        if since >= self.measured_from {
            let now = Instant::now();
            let micros = u64::try_from((now - since).as_micros()).unwrap_or(LONGEST);
            self.latencies.saturating_record(micros);
            self.second.saturating_record(micros);
            *self.statuses.entry(status).or_default() += 1;
            self.last = now;
        }
        !expected && self.unexpected == 1
    }

    /// A request without a usable answer. The first one should be shown, which this tells.
    pub(crate) fn error(&mut self) -> bool {
        self.errors += 1;
        self.errors == 1
    }

    /// What was recorded since the last call.
    pub(crate) fn take_second(&mut self) -> Second {
        let second = Second {
            rate: count(&self.second),
            p50_ms: millis(&self.second, 0.50),
            p99_ms: millis(&self.second, 0.99),
        };
        self.second.reset();
        second
    }

    pub(crate) fn report(&self, unsent: u32, cpu: Duration) -> Report {
        let requests = count(&self.latencies);
        let seconds = (self.last - self.measured_from).as_secs_f64();
        Report {
            requests,
            seconds: rounded(seconds),
            rate: if requests == 0 { 0.0 } else { rounded(f64::from(requests) / seconds) },
            p50_ms: millis(&self.latencies, 0.50),
            p90_ms: millis(&self.latencies, 0.90),
            p99_ms: millis(&self.latencies, 0.99),
            max_ms: millis(&self.latencies, 1.0),
            statuses: self.statuses.clone(),
            errors: self.errors,
            unexpected: self.unexpected,
            unsent,
            cpu_seconds: cpu.as_secs_f64(),
        }
    }
}

impl Report {
    pub(crate) fn as_expected(&self) -> bool {
        self.requests > 0 && self.errors == 0 && self.unexpected == 0
    }
}

/// The processor time of this program so far; nothing where there is no /proc. Linux counts it in hundredths of a
/// second.
pub(crate) fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name is in parentheses and may hold spaces. User and system time are fields 14 and 15.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let hundredths: u64 = after_name.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum();
    Duration::from_millis(hundredths * 10)
}

fn count(latencies: &Histogram<u64>) -> u32 {
    u32::try_from(latencies.len()).unwrap_or(u32::MAX)
}

fn millis(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    Duration::from_micros(latencies.value_at_quantile(quantile)).as_secs_f64() * 1e3
}

fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
