//! The OpenAPI document and the server held to each other by independent programs: schemathesis makes requests of the
//! document and holds the answers to it, spectral holds the document to rules, and the client that openapi-python-client
//! generates from it calls the server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]
#![expect(clippy::print_stdout, reason = "how many cases were tried is what a run is to tell")]

mod belongings;
mod callers;
#[path = "../common/mod.rs"]
mod common;
mod document;
mod fuzzer;
mod generated;
mod installation;
mod strangers;
