use std::time::Duration;

use muster_notify::transport::Answer;
use muster_notify::{Finding, clock_finding};
use reqwest::header::DATE;
use time::OffsetDateTime;

/// How long a check of one service may take.
pub(crate) const CHECK_WITHIN: Duration = Duration::from_secs(10);

/// Compares this machine's time with that of an answer.
pub(crate) fn clock(check: &'static str, answer: &Answer, now: OffsetDateTime) -> Option<Finding> {
    clock_finding(answer.header(DATE)?, now).map(|finding| Finding { check, ..finding })
}
