//! How messages are handed to providers: the one delivery policy that every provider goes through ([`Gate`]), what an
//! attempt can come to ([`AttemptError`]), and the HTTP client that carries it ([`transport`]).
//!
//! An adapter of a provider makes one attempt and says truthfully what came of it; whether that is tried again, how
//! long all of it may take and when a provider counts as down is decided here.

mod attempt;
mod breaker;
mod gate;
mod policy;
pub mod transport;
mod words;

pub use attempt::{AttemptError, Cause, Refusal};
pub use breaker::Circuit;
pub use gate::{Gate, ProviderState};
pub use muster_outbound::{Finding, Verdict};
pub use policy::Policy;
pub use words::contact;

use std::time::Duration;

use time::OffsetDateTime;

/// By how much this machine's clock may differ from a provider's: signatures and tokens bear 5 minutes.
const BORNE_SKEW: Duration = Duration::from_mins(4);

/// Compares this machine's time with a provider's `Date` header; `None` when that cannot be read.
#[must_use]
pub fn clock_finding(date: &str, now: OffsetDateTime) -> Option<Finding> {
    muster_outbound::clock_finding(date, now, BORNE_SKEW)
}
