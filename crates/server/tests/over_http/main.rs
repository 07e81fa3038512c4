//! The started server over HTTP, as vanishing clients, malformed requests and sudden death treat it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should fail where it stands")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod secrecy;
