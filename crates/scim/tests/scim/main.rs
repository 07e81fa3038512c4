//! The protocol end to end, over stores in memory: a request's parts in, an answer out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod bad_input;
mod cursors;
mod discovery;
mod entra;
mod groups;
mod limits;
mod okta;
mod queries;
mod users;
mod world;
