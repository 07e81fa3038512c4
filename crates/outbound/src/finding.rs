use std::time::{Duration, UNIX_EPOCH};

use time::OffsetDateTime;

/// How one check of a service that is called went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, but an operator should know.
    Warning,
    /// What it is for will not work before this is mended.
    Bad,
}

/// One thing that was looked at without sending anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, for example `credentials`.
    pub check: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was found and, unless it is good, what to do. Never holds a secret.
    pub detail: String,
}

impl Finding {
    /// A check that went well.
    pub fn good(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Good, detail: detail.into() }
    }

    /// Something to know.
    pub fn warning(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, detail: detail.into() }
    }

    /// Something to mend.
    pub fn bad(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Bad, detail: detail.into() }
    }
}

/// How much is worth a look: a `Date` header is a whole second of unknown age.
const NOTABLE_SKEW: Duration = Duration::from_secs(10);

/// Compares this machine's time with a provider's `Date` header (RFC 9110, section 6.6.1), when what is exchanged with it
/// bears a difference of `borne`; `None` when the header cannot be read.
#[must_use]
pub fn clock_finding(date: &str, now: OffsetDateTime, borne: Duration) -> Option<Finding> {
    let theirs = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let ours = Duration::from_secs(u64::try_from(now.unix_timestamp()).ok()?);
    let skew = ours.abs_diff(theirs);
    let seconds = skew.as_secs();
    Some(if skew > borne {
        Finding::bad("clock", format!("differs from the provider's by {seconds} s: set this machine's time, by NTP"))
    } else if skew > NOTABLE_SKEW {
        Finding::warning("clock", format!("differs from the provider's by {seconds} s: check that NTP runs"))
    } else {
        Finding::good("clock", format!("differs from the provider's by {seconds} s"))
    })
}
