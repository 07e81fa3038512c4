use std::error::Error;
use std::time::Duration;

use muster_notify::transport::Answer;
use muster_notify::{Finding, clock_finding};
use reqwest::header::DATE;
use time::OffsetDateTime;

/// How long a check of one service may take.
pub(crate) const CHECK_WITHIN: Duration = Duration::from_secs(10);

/// An error with all that is underneath, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Compares this machine's time with that of an answer.
pub(crate) fn clock(check: &'static str, answer: &Answer, now: OffsetDateTime) -> Option<Finding> {
    clock_finding(answer.header(DATE)?, now).map(|finding| Finding { check, ..finding })
}
