//! Signing in to the program in production mode: people by the tokens of an independent OIDC provider, other services by
//! API keys.
//!
//! Every server here logs all there is to log, and every test ends by looking for secrets in it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should fail where it stands")]

#[path = "../common/mod.rs"]
mod common;
mod doctor;
mod installation;
mod keys;
mod leavers;
mod newcomers;
mod outages;
mod people;
mod providers;
mod refusals;
