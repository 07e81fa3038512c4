//! Twilio, in five ways: requests that Prism checks against Twilio's own OpenAPI document, replies from that document's
//! examples, faults on the way, `muster doctor`'s checks, and a whole proof.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

mod check;
mod common;
mod error_codes;
mod faults;
mod proof;
mod replies;
mod requests;
