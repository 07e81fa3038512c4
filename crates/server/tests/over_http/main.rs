//! The started server over HTTP, as many clients at once, vanishing clients and sudden death treat it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should fail where it stands")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod races;
mod secrecy;
