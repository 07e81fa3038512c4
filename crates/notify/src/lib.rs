//! How messages are handed to providers: the one delivery policy that every provider goes through ([`Gate`]), what an
//! attempt can come to ([`AttemptError`]), and the HTTP client that carries it ([`transport`]).
//!
//! An adapter of a provider makes one attempt and says truthfully what came of it; whether that is tried again, how
//! long all of it may take and when a provider counts as down is decided here.

mod attempt;
mod breaker;
mod finding;
mod gate;
mod policy;
pub mod transport;

pub use attempt::{AttemptError, Cause, Refusal};
pub use breaker::Circuit;
pub use finding::{Finding, Verdict, clock_finding};
pub use gate::{Gate, ProviderState};
pub use policy::Policy;
