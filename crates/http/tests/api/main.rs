//! The HTTP API, endpoint by endpoint, over the testkit's fakes: same ids, times and codes on every run.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

mod audit;
mod audit_details;
mod authorization;
mod bad_input;
mod break_glass;
mod conformance;
mod cors;
mod development;
mod devices;
mod edge;
mod examples;
mod keys;
mod limits;
mod mobile;
mod openapi;
mod operations;
mod preferences;
mod problems;
mod scim;
mod send_limits;
mod sign_in;
mod teams;
mod telemetry;
mod user_audit;
mod users;
mod verification;
mod world;
