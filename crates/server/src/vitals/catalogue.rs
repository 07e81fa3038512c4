//! Every metric that there is. docs/operations.md lists the same ones, and a test compares them.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use muster_domain::access::TokenRefusal;

/// How a metric behaves, as Prometheus names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric, as its readers are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    /// Its labels, with commas between them.
    pub labels: &'static str,
    pub meaning: &'static str,
}

const fn counter(name: &'static str, labels: &'static str, meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, meaning }
}

const fn gauge(name: &'static str, labels: &'static str, meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, meaning }
}

const fn histogram(name: &'static str, labels: &'static str, meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, labels, meaning }
}

pub(crate) const METRICS: [Metric; 37] = [
    counter(
        "muster_http_requests_total",
        "method,route,status",
        "requests by route template and status; none when the client hung up before it was answered",
    ),
    histogram(
        "muster_http_request_seconds",
        "method,route",
        "how long requests took until their answer's head was there",
    ),
    gauge("muster_http_requests_in_flight", "", "requests that are worked on"),
    counter(
        "muster_http_requests_shed_total",
        "",
        "requests that got 503 at once because as many were worked on as may be",
    ),
    counter(
        "muster_http_requests_limited_total",
        "",
        "requests without a credential that got 429 because their address made too many",
    ),
    gauge("muster_db_connections_open", "pool", "connections that are open"),
    gauge("muster_db_connections_in_use", "pool", "connections that a unit of work holds"),
    gauge(
        "muster_db_connections_waiting",
        "pool",
        "units of work that wait for a connection, or for a place on the one that lookups share",
    ),
    gauge("muster_db_connections_most", "pool", "connections that may be open at once"),
    gauge("muster_password_places_in_use", "", "passwords that are being hashed"),
    gauge("muster_password_waiting", "", "passwords that wait to be hashed"),
    counter("muster_passwords_refused_busy_total", "", "passwords that were not hashed because too many were waiting"),
    counter(
        "muster_challenges_total",
        "method,outcome",
        "challenges: opened, then sent or undelivered; a code for one completed it, was refused, or found it exhausted",
    ),
    counter("muster_codes_refused_total", "method,reason", "codes that were asked for and refused"),
    counter(
        "muster_notify_sends_total",
        "provider,outcome",
        "messages by what came of them; circuit_open and no_place were not tried",
    ),
    histogram("muster_notify_send_seconds", "provider", "how long handing over a message took, retries included"),
    counter("muster_notify_retries_total", "provider", "attempts that were made again"),
    gauge(
        "muster_notify_circuit_open",
        "provider",
        "1 while the provider is left alone because it failed again and again, else 0",
    ),
    counter(
        "muster_sessions_total",
        "outcome",
        "phone sessions: issued, refreshed, and refresh tokens that were late, refused or replayed",
    ),
    counter(
        "muster_tokens_refused_total",
        "reason",
        "tokens of the identity provider that were refused, and what is no credential at all (malformed)",
    ),
    counter(
        "muster_break_glass_sign_ins_total",
        "outcome",
        "attempts to sign in with a break-glass account: accepted, refused, too_many, busy or failed",
    ),
    gauge(
        "muster_directory_brakes_engaged",
        "",
        "clients of the directory whose deactivations are refused until an admin releases the brake",
    ),
    counter(
        "muster_directory_deactivations_refused_total",
        "",
        "deactivations by the directory that were refused because its client's brake holds",
    ),
    gauge("muster_people", "readiness", "active people: ready, who can be on call, and not_ready"),
    gauge("muster_people_missing", "channel", "active people who have not proven that channel"),
    gauge("muster_people_counted_timestamp_seconds", "", "when people were counted last, in Unix time"),
    counter(
        "muster_work_failures_total",
        "work",
        "turns of what a server does beside requests that failed; the next comes 15 seconds later",
    ),
    gauge("muster_audit_seal_lag_seconds", "", "how old the oldest audit record is that is not sealed; 0 when all are"),
    counter("muster_housekeeping_removed_total", "what", "rows that housekeeping removed"),
    gauge(
        "muster_housekeeping_backlog",
        "what",
        "rows that have served their time and that housekeeping has not removed yet, counted every five minutes",
    ),
    gauge(
        "muster_pepper_rows",
        "rows,pepper",
        "rows by the pepper that they were hashed with: the current, next or a previous one, an unknown or an unrecorded one",
    ),
    counter(
        "muster_trace_batches_total",
        "outcome",
        "batches of traces that the collector accepted, and that failed and were dropped",
    ),
    gauge("muster_build_info", "version,commit", "1, for the version and commit that run"),
    gauge("process_start_time_seconds", "", "when the process started, in Unix time"),
    gauge("process_resident_memory_bytes", "", "memory that the process holds"),
    gauge("process_open_fds", "", "file descriptors that are open"),
    gauge("process_max_fds", "", "file descriptors that may be open"),
];

/// Tells Prometheus what each is for.
pub(crate) fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.meaning),
            Kind::Gauge => describe_gauge!(metric.name, metric.meaning),
            Kind::Histogram => describe_histogram!(metric.name, metric.meaning),
        }
    }
}

/// Makes those counters appear with 0 whose first event is worth an alarm: an increase from nothing is not seen.
pub(crate) fn begin_at_zero() {
    for outcome in ["issued", "refreshed", "late", "refused", "replayed"] {
        metrics::counter!("muster_sessions_total", "outcome" => outcome).increment(0);
    }
    for outcome in ["accepted", "refused", "too_many", "busy", "failed"] {
        metrics::counter!("muster_break_glass_sign_ins_total", "outcome" => outcome).increment(0);
    }
    for reason in TokenRefusal::ALL {
        metrics::counter!("muster_tokens_refused_total", "reason" => reason.as_str()).increment(0);
    }
    metrics::counter!("muster_directory_deactivations_refused_total").increment(0);
    metrics::counter!("muster_passwords_refused_busy_total").increment(0);
}
